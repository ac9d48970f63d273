import type { FlagHook } from "../hook/flag-hook.ts";
import { watchProperty } from "./watch-property.ts";

/** Where `@openfeature/server-sdk` keeps its one API object, shared by all copies of the package. */
const openFeatureGlobal = Symbol.for("@openfeature/js-sdk/api");

/**
 * Adds a hook to the OpenFeature API of this process, whether it is loaded already or will be. `warn` hears of an API
 * that takes no hooks.
 */
export function joinOpenFeature(hook: FlagHook, warn: (text: string) => void): void {
  watchProperty(globalThis, openFeatureGlobal, (api) => {
    const { addHooks } = api as { addHooks?: unknown };
    if (typeof addHooks === "function") addHooks.call(api, hook);
    else
      warn(
        "the OpenFeature SDK of this process takes no hooks, so its flags are not seen; 1.20 and later do",
      );
  });
}
