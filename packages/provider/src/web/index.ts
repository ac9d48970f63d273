export { FlagspanWebProvider } from "./flagspan-web-provider.ts";
export type { FlagspanWebProviderOptions } from "./web-options.ts";
export type { Clock, Timer } from "../sync/clock.ts";
