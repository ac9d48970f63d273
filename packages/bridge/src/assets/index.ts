export { flagQueries } from "./queries.ts";
export type { FlagQueries } from "./queries.ts";
