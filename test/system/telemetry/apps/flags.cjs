// What every app here shares: an OpenFeature provider in memory that gives each user a variant of their own.
const { InMemoryProvider, OpenFeature } = require("@openfeature/server-sdk");

const users = Array.from({ length: 1000 }, (_, index) => `u${index}`);

exports.ready = OpenFeature.setProviderAndWait(
  new InMemoryProvider({
    whoami: {
      disabled: false,
      variants: Object.fromEntries(users.map((user) => [user, user])),
      defaultVariant: "u0",
      contextEvaluator: (context) => context.targetingKey,
    },
    checkout: {
      disabled: false,
      variants: { on: true, off: false },
      defaultVariant: "off",
      contextEvaluator: (context) => (Number(context.targetingKey.slice(1)) % 2 === 0 ? "on" : "off"),
    },
  }),
);
exports.client = OpenFeature.getClient();
exports.pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
