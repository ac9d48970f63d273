import type { RulesetDocument } from "@flagspan/control";

/** A ruleset of `count` flags: two in three constant, the others with a rule or a percentage. */
export function syntheticRuleset(count: number): RulesetDocument {
  const flags = Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const plain = {
        state: "ENABLED",
        variants: { on: true, off: false },
        defaultVariant: "off",
        metadata: { owner: `team-${index % 7}`, description: `flag number ${index}` },
      };
      if (index % 6 === 1)
        return [
          `flag-${index}`,
          { ...plain, targeting: { if: [{ "==": [{ var: "plan" }, "pro"] }, "on", null] } },
        ];
      if (index % 6 === 3)
        return [
          `flag-${index}`,
          {
            ...plain,
            targeting: {
              fractional: [
                ["on", 30],
                ["off", 70],
              ],
            },
          },
        ];
      return [`flag-${index}`, plain];
    }),
  );
  return { flags };
}
