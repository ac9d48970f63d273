import type { JsonValue } from "@flagspan/ruleset";

/** What every peer is asked. The names are those of the design's table. */
export const caseNames = ["static", "target", "fractional", "ten-rule", "not-found"] as const;
export type CaseName = (typeof caseNames)[number];

/** The countries that `target` lets in. */
export const countries: readonly string[] = ["CH", "DE", "AT"];
/** For each of ten rules: the least version, and a hundred tenants. */
export const rules: readonly { readonly version: string; readonly tenants: readonly string[] }[] = Array.from(
  { length: 10 },
  (_, rule) => ({
    version: `${10 - rule}.2.3`,
    tenants: Array.from({ length: 100 }, (_, i) => `tenant-${rule}-${i}`),
  }),
);
/** Shares of 10, 20, 30 and 40 percent. */
export const shares: readonly (readonly [string, number])[] = [
  ["a", 10],
  ["b", 20],
  ["c", 30],
  ["d", 40],
];

const fractional: JsonValue = { fractional: shares };

/** The same rules for every peer that reads flagd's format. */
export const document: Readonly<Record<string, JsonValue>> = {
  flags: {
    static: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" },
    target: {
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "off",
      targeting: {
        if: [
          {
            or: [{ ends_with: [{ var: "email" }, "@example.com"] }, { in: [{ var: "country" }, countries] }],
          },
          "on",
          "off",
        ],
      },
    },
    fractional: {
      state: "ENABLED",
      variants: { a: "A", b: "B", c: "C", d: "D" },
      defaultVariant: "a",
      targeting: fractional,
    },
    "ten-rule": {
      state: "ENABLED",
      variants: { a: "A", b: "B", c: "C", d: "D" },
      defaultVariant: "a",
      targeting: {
        if: [
          ...rules.flatMap(({ version, tenants }, i): JsonValue[] => [
            { and: [{ sem_ver: [{ var: "version" }, ">=", version] }, { in: [{ var: "tenant" }, tenants] }] },
            shares[i % shares.length]?.[0] ?? "a",
          ]),
          fractional,
        ],
      },
    },
  },
};

/** Who asks: enough subjects that no branch is always the same. */
export const contexts: readonly Readonly<Record<string, string>>[] = Array.from({ length: 64 }, (_, i) => ({
  targetingKey: `user-${String(i * 7919).padStart(14, "0")}`,
  email: i % 5 === 0 ? `person${i}@example.com` : `person${i}@mail.test`,
  country: ["CH", "FR", "IT", "US", "DE", "JP", "BR"][i % 7] ?? "CH",
  version: `${(i % 12) + 1}.${i % 5}.${i % 9}`,
  tenant: `tenant-${i % 10}-${i % 4 === 0 ? i : i + 1000}`,
}));
