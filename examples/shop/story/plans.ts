/** The rollouts of the story: one that hurts, and two healthy ones in the same minute on salts of their own. */
export const plans = [
  {
    flag: "new-search",
    treatment: "on",
    control: "off",
    stages: [{ percent: 25, hold: "10m" }, { percent: 100 }],
    guardrails: [{ outcome: "error", tolerate: 1.1 }],
    alpha: 0.001,
    onBreach: "kill",
  },
  {
    flag: "express-checkout",
    treatment: "on",
    control: "off",
    stages: [{ percent: 50, hold: "10m" }, { percent: 100 }],
    guardrails: [{ outcome: "error", tolerate: 1.1 }],
    alpha: 0.001,
    onBreach: "kill",
  },
  {
    flag: "dark-mode",
    treatment: "on",
    control: "off",
    stages: [{ percent: 10, hold: "15m" }, { percent: 50, hold: "15m" }, { percent: 100 }],
    guardrails: [{ outcome: "error", tolerate: 1.1 }],
    alpha: 0.01,
    onBreach: "kill",
  },
] as const;
