import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const tries = 5;
/** What a module proxy says when it may be better a moment later: rate limits, its own trouble, a connection that broke. */
const passing =
  /\b(?:429|500|502|503|504)\b|Too Many Requests|timeout|timed out|connection re(?:set|fused)|unexpected EOF|stream error|TLS handshake|no such host|i\/o/i;

/** The installed Go's version, or nothing where there is none. */
export async function findGo(): Promise<string | undefined> {
  try {
    const { stdout } = await run("go", ["env", "GOVERSION"], {
      env: { ...process.env, GOTOOLCHAIN: "local" },
    });
    return stdout.trim().replace(/^go/, "");
  } catch {
    return undefined;
  }
}

/**
 * Runs Go, or what calls it, in a folder. What fails for a reason that passes is tried again, at most five times, 5 s to 40 s apart; what
 * was fetched stays in Go's cache meanwhile. The error has the end of what was printed, since the beginning is downloads.
 */
export async function runGo(cwd: string, program: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, GOFLAGS: `${process.env["GOFLAGS"] ?? ""} -buildvcs=false`.trim() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await run(program, [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 });
      return;
    } catch (error) {
      const printed = readOutput(error);
      if (attempt === tries || !passing.test(printed))
        throw new Error(`${program} ${args.join(" ")} failed (try ${attempt}):\n${printed.slice(-2000)}`, {
          cause: error,
        });
      const seconds = 5 * 2 ** (attempt - 1);
      console.log(`  ${program} ${args[0] ?? ""}: ${lastLine(printed)}; tried again in ${seconds} s`);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}

function readOutput(error: unknown): string {
  const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
  return `${stdout}${stderr}` || String(error);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
}
