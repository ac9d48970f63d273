import type { JsonValue, Provider, ResolutionDetails } from "@openfeature/web-sdk";

/** The targeting key of the page's user: it must appear nowhere in what the page sends. */
export const targetingKey = "alice@example.com";

/** The unit the provider names in her place. */
export const unit = "kJ2hG0aVbN7cQ1wE";

/** A foreign provider: `checkout` is on and under rollout, everything else has a variant named after its value. */
export const pageProvider: Provider = {
  metadata: { name: "page-test" },
  runsOn: "client",
  resolveBooleanEvaluation: (): ResolutionDetails<boolean> => ({
    value: true,
    variant: "on",
    reason: "TARGETING_MATCH",
    flagMetadata: {
      contextId: unit,
      flagSetId: "shop.test",
      version: "7",
      rollout: "r1/10",
      rolloutTreatment: "on",
      rolloutControl: "off",
    },
  }),
  resolveStringEvaluation: (): ResolutionDetails<string> => ({
    value: "dark",
    variant: "dark",
    reason: "STATIC",
  }),
  resolveNumberEvaluation: (_key, fallback): ResolutionDetails<number> => ({
    value: fallback,
    reason: "DEFAULT",
  }),
  resolveObjectEvaluation: <T extends JsonValue>(_key: string, fallback: T): ResolutionDetails<T> => ({
    value: fallback,
    reason: "DEFAULT",
  }),
};
