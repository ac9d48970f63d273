import { assetsCommand } from "./commands/assets/index.ts";
import { changesCommand } from "./commands/changes.ts";
import { checkCommand } from "./commands/check/index.ts";
import { devCommand } from "./commands/dev.ts";
import { diffCommand } from "./commands/diff/index.ts";
import { drillCommand } from "./commands/drill/index.ts";
import { evalCommand } from "./commands/eval/index.ts";
import { explainCommand } from "./commands/explain/index.ts";
import { flagCommand } from "./commands/flag.ts";
import { keysCommand } from "./commands/keys.ts";
import { rolloutCommand } from "./commands/rollout/index.ts";
import { serveCommand } from "./commands/serve.ts";
import { unitCommand } from "./commands/unit/index.ts";
import type { Command } from "./command.ts";

/** Every command, in the order a newcomer would want them. */
export const commands: readonly Command[] = [
  devCommand,
  serveCommand,
  checkCommand,
  evalCommand,
  explainCommand,
  diffCommand,
  flagCommand,
  rolloutCommand,
  unitCommand,
  changesCommand,
  keysCommand,
  assetsCommand,
  drillCommand,
];
