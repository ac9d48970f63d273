import type { JsonValue } from "@flagspan/ruleset";

/** A ruleset as a big organisation has it: about 600 bytes a flag, half of them with targeting, some with references. */
export function createDocument(flags: number): string {
  return JSON.stringify({
    metadata: { flagSetId: "bench", version: "1" },
    $evaluators: {
      internal: { ends_with: [{ var: "email" }, "@example.com"] },
      europe: { in: [{ var: "country" }, ["AT", "BE", "CH", "DE", "ES", "FR", "IT", "NL", "PL", "PT"]] },
    },
    flags: Object.fromEntries(Array.from({ length: flags }, (_, i) => [flagKey(i), createFlag(i)])),
  });
}

/** The key of the nth flag. */
export function flagKey(i: number): string {
  return `team-${i % 40}.feature-${i}`;
}

/** The definition of the nth flag. */
export function createFlag(i: number): JsonValue {
  return {
    state: i % 50 === 0 ? "DISABLED" : "ENABLED",
    variants: { on: true, off: false },
    defaultVariant: i % 3 === 0 ? "on" : "off",
    ...targetingOf(i),
    metadata: {
      owner: `team-${i % 40}`,
      kind: ["release", "experiment", "ops", "permission"][i % 4] ?? "release",
      expires: "2027-03-31",
      ticket: `SHOP-${1000 + i}`,
      description: `Decides whether customers see feature ${i} of the shop, in the words of those who own it.`,
    },
  };
}

function targetingOf(i: number): { readonly targeting?: JsonValue } {
  switch (i % 4) {
    case 0:
      return {
        targeting: {
          if: [
            {
              or: [
                { $ref: "internal" },
                { in: [{ var: "tenant" }, Array.from({ length: 8 }, (_, n) => `tenant-${i + n}`)] },
              ],
            },
            "on",
            {
              fractional: [
                ["on", 10 + (i % 80)],
                ["off", 90 - (i % 80)],
              ],
            },
          ],
        },
      };
    case 1:
      return {
        targeting: {
          if: [
            {
              and: [
                { sem_ver: [{ var: "version" }, ">=", `${i % 9}.2.0`] },
                { "==": [{ var: "plan" }, "pro"] },
              ],
            },
            "on",
            { "!": [{ var: "email" }] },
            "off",
            { in: [{ var: "country" }, ["CH", "DE", "FR", "IT"]] },
            "on",
            "off",
          ],
        },
      };
    case 2:
      return {
        targeting: {
          if: [
            { $ref: "europe" },
            {
              fractional: [
                { cat: [{ var: "$flagd.flagKey" }, { var: "targetingKey" }] },
                ["on", 50],
                ["off", 50],
              ],
            },
            "off",
          ],
        },
      };
    default:
      return {};
  }
}
