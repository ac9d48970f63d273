import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { cache } from "../build.ts";
import type { Answer, Flagd, Installed } from "./flagd.ts";

const run = promisify(execFile);
const script = new URL("../../../interop/flagd/ask_in_process.py", import.meta.url).pathname;
/**
 * flagd's own provider for Python and the evaluator below it; everything else follows from them. Evaluator 2.0.0 splits users by version 3 of
 * `fractional`, which is accepted and not released: flagd itself, and we, are on version 2, as 1.0.0 is.
 */
const requirements = ["openfeature-provider-flagd==0.5.2", "openfeature-flagd-core==1.0.0"] as const;

/** Installs the provider into the cache, or tells why there is none. */
export async function installInProcess(): Promise<Installed> {
  const versions = requirements.join(" and ");
  const folder = join(cache, "python", requirements.join("-").replaceAll("==", "-"));
  const python = join(folder, "bin/python");
  const kind = {
    name: `flagd's in-process provider for Python (${versions})`,
    hasKnownDifferences: true,
    start: ({ grpcPort, set }: { readonly grpcPort: number; readonly set: string }): Promise<Flagd> =>
      startInProcess(python, grpcPort, set),
  };
  if (existsSync(python)) return kind;
  try {
    // A virtual environment cannot be moved, so a half-made one is removed instead.
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(cache, "python"), { recursive: true });
    await run("python3", ["-m", "venv", folder]);
    await rename(python, `${python}.new`);
    await run(
      `${python}.new`,
      ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements],
      {
        timeout: 300_000,
      },
    );
    await rename(`${python}.new`, python);
    return kind;
  } catch (error) {
    const told = (error as { stderr?: string }).stderr?.trim().split("\n").at(-1);
    const why = told === undefined || told === "" ? String(error) : told;
    return { problem: `flagd's provider for Python, which needs Python and PyPI: ${why}` };
  }
}

/** Starts the provider; it is synced when this resolves. */
async function startInProcess(python: string, grpcPort: number, set: string): Promise<Flagd> {
  const child = spawn(python, [script, String(grpcPort), `flagSetId=${set}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const tell = async (line: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(line)}\n`);
    const answer = await lines.next();
    if (answer.done === true) throw new Error(`flagd's Python provider ended; its last words stand above`);
    return JSON.parse(answer.value);
  };
  await once(child, "spawn");
  return {
    ask: async (questions) => (await tell(questions)) as readonly Answer[],
    waitFor: async (version) => (await tell({ waitFor: version })) as boolean,
    close: () => void child.kill("SIGKILL"),
  };
}
