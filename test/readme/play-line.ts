import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FlagspanProvider } from "@flagspan/provider/server";
import { root } from "./blocks.ts";
import { lineUses, type LineUse } from "./command-lines.ts";
import type { Terminal } from "./terminal.ts";

const ciRun = readFileSync(join(root, ".ci/run"), "utf8");

/** Does with a line what `lineUses` says, and answers everything that is not as it says there. */
export async function playLine(terminal: Terminal, shown: string): Promise<readonly string[]> {
  const use = lineUses[shown];
  if (use === undefined) return ["nobody says what becomes of this line: name it in command-lines.ts"];
  const line = spell(terminal, shown);
  if (use.kind === "ci") return isCiStep(use.runs) ? [] : [`.ci/run has no step ${use.runs}`];
  if (use.kind === "stays") {
    const { said } = await terminal.start(line, use.says);
    terminal.env["FLAGSPAN_URL"] = use.says.exec(said)?.[1] ?? "";
    return [];
  }
  const failed = await runFirst(terminal, use.first);
  if (use.kind === "ends") return [...failed, ...(await runToEnd(terminal, line, use))];
  const code = await (await terminal.start(line, use.says)).interrupt();
  return code === 0 ? failed : [...failed, `Ctrl-C ended it with ${code}`];
}

function isCiStep(command: string): boolean {
  return ciRun
    .split("\n")
    .some(
      (text) =>
        /^\s*step "[^"]+" /.test(text) &&
        `${text.replace(/^\s*step "[^"]+" /, "")} `.startsWith(`${command} `),
    );
}

async function runFirst(terminal: Terminal, lines: readonly string[] = []): Promise<string[]> {
  const failed: string[] = [];
  for (const line of lines) {
    const { code, stderr } = await terminal.run(line);
    if (code !== 0) failed.push(`${line}: ${stderr}`);
  }
  return failed;
}

async function runToEnd(
  terminal: Terminal,
  line: string,
  use: Extract<LineUse, { kind: "ends" }>,
): Promise<string[]> {
  if (use.once !== undefined) await tryUntil(terminal, use.once);
  const provider = line.includes(" drill ") ? await connect(terminal) : undefined;
  const { code, stdout, stderr } = await terminal.run(line);
  await provider?.onClose();
  const problems: string[] = [];
  if (code !== (use.code ?? 0)) problems.push(`it ended with ${code}`);
  if (!use.says.test(`${stdout}${stderr}`)) problems.push(`it said ${stdout}${stderr}`);
  for (const [file, holds] of Object.entries(use.leaves ?? {})) {
    const text = readFileSync(join(terminal.folder, file), "latin1");
    if (!holds.test(text)) problems.push(`${file} holds ${text.slice(0, 200)}`);
  }
  return problems;
}

/** A live connection, for the lines that measure one. */
async function connect(terminal: Terminal): Promise<FlagspanProvider> {
  const { FLAGSPAN_URL: url = "", FLAGSPAN_KEY: key = "" } = terminal.env;
  const provider = new FlagspanProvider({ url, key, set: "shop.prod" });
  await provider.initialize();
  return provider;
}

async function tryUntil(terminal: Terminal, [line, says]: readonly [string, RegExp]): Promise<void> {
  for (let tried = 0; tried < 40; tried += 1) {
    if (says.test((await terminal.run(line)).stdout)) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${line} never said ${String(says)}`);
}

/** npx takes seconds to find what is on the PATH already: shown once in each terminal, it is left out of the other lines. */
const spelled = new WeakSet<Terminal>();
function spell(terminal: Terminal, line: string): string {
  if (!line.includes("npx flagspan")) return line;
  if (spelled.has(terminal)) return line.replace("npx flagspan", "flagspan");
  spelled.add(terminal);
  return line;
}
