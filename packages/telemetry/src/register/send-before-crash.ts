import { spawnSync } from "node:child_process";
import { basename } from "node:path";

import type { FastLaneRequest } from "../fast-lane/sender.ts";

/** How long a dying process waits for its last words to be sent. */
const patienceMs = 2_000;

/** Reads a request from stdin and sends it. */
const script = `
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { url, headers, body } = JSON.parse(text);
await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(${patienceMs}) });
process.exit();
`;

/**
 * Sends a request from a process that will not see another turn of its event loop: a short-lived Node does it, and is
 * waited for, two seconds at most. Answers whether that could be tried: where the program is not a plain `node` (a
 * single executable, Electron, Bun), starting it again would start the app.
 */
export function sendBeforeCrash(request: FastLaneRequest): boolean {
  if (!/^node(?:\.exe)?$/u.test(basename(process.execPath))) return false;
  const { PATH, NODE_EXTRA_CA_CERTS } = process.env;
  const { error } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    input: JSON.stringify(request),
    stdio: ["pipe", "ignore", "ignore"],
    timeout: patienceMs,
    // Nothing of NODE_OPTIONS: a preload there would be loaded once more.
    env: { PATH, NODE_EXTRA_CA_CERTS },
    windowsHide: true,
  });
  return error === undefined;
}
