import type { Command } from "./command.ts";

/** How to load each command, in the order a newcomer would want them: `flagspan check` must not wait for a database driver. */
export type CommandTable = Readonly<Record<string, () => Promise<Command>>>;

/** Every command. */
export const commands: CommandTable = {
  dev: async () => (await import("./commands/dev.ts")).devCommand,
  serve: async () => (await import("./commands/serve.ts")).serveCommand,
  check: async () => (await import("./commands/check/index.ts")).checkCommand,
  eval: async () => (await import("./commands/eval/index.ts")).evalCommand,
  explain: async () => (await import("./commands/explain/index.ts")).explainCommand,
  diff: async () => (await import("./commands/diff/index.ts")).diffCommand,
  flag: async () => (await import("./commands/flag.ts")).flagCommand,
  rollout: async () => (await import("./commands/rollout/index.ts")).rolloutCommand,
  unit: async () => (await import("./commands/unit/index.ts")).unitCommand,
  changes: async () => (await import("./commands/changes.ts")).changesCommand,
  keys: async () => (await import("./commands/keys.ts")).keysCommand,
  assets: async () => (await import("./commands/assets/index.ts")).assetsCommand,
  drill: async () => (await import("./commands/drill/index.ts")).drillCommand,
};
