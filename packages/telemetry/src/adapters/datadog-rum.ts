import type { FlagHook } from "../hook/flag-hook.ts";
import { cleanText } from "../privacy/clean-text.ts";

/** The part of `datadogRum` (`@datadog/browser-rum`) that is used. */
export interface DatadogRumLike {
  addFeatureFlagEvaluation(key: string, value: unknown): void;
}

/** Characters that Datadog's RUM search cannot have in a flag key; after its documentation. */
const unsupported = /[\s.:+\-=&|<>!(){}[\]^"“”~*?\\]/gu;

/**
 * Makes an OpenFeature hook that hands each evaluation to Datadog RUM, under a key that its search can read: what it
 * cannot becomes `_`. The variant is sent, the value (of a boolean flag only) where there is none. Never throws.
 */
export function datadogRumHook(rum: DatadogRumLike): FlagHook {
  return {
    name: "flagspan-datadog-rum",
    finally: (hookContext, details) => {
      if (details.errorCode === "FLAG_NOT_FOUND") return;
      const value = details.variant ?? (typeof details.value === "boolean" ? details.value : undefined);
      if (value === undefined) return;
      try {
        rum.addFeatureFlagEvaluation(cleanText(hookContext.flagKey).replace(unsupported, "_"), value);
      } catch {
        return; // what RUM makes of a flag is no business of the evaluation
      }
    },
  };
}
