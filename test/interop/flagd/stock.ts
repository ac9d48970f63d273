import { spawn } from "node:child_process";
import { build } from "../build.ts";
import { findPorts, pause } from "../processes.ts";
import type { Program } from "../programs.ts";
import type { Question } from "./cases.ts";
import type { Answer, Flagd, Installed } from "./flagd.ts";

const program: Program = {
  name: "flagd",
  package: "github.com/open-feature/flagd/flagd",
  version: "v0.12.9",
};

/** Builds stock flagd, or tells why it is not to be had: some module proxies refuse its modules. */
export async function installStock(): Promise<Installed> {
  try {
    const path = await build(program);
    return {
      name: `stock flagd ${program.version}`,
      hasKnownDifferences: false,
      start: ({ url, set }) => startStock(path, `${url}/v1/rulesets/${set}`),
    };
  } catch (error) {
    const refused = String(error)
      .split("\n")
      .find((line) => /forbidden|not found|not available|no matching/i.test(line));
    return {
      problem: `stock flagd ${program.version}, which Go's module proxy does not give: ${refused ?? String(error)}`,
    };
  }
}

async function startStock(path: string, uri: string): Promise<Flagd> {
  const [port, management, ofrep, sync] = await findPorts(4);
  const sources = JSON.stringify([{ uri, provider: "http", interval: 1 }]);
  const child = spawn(
    path,
    [
      "start",
      `--port=${port}`,
      `--management-port=${management}`,
      `--ofrep-port=${ofrep}`,
      `--sync-port=${sync}`,
      `--sources=${sources}`,
    ],
    { stdio: "ignore" },
  );
  const flagd = createOfrepFlagd(`http://127.0.0.1:${ofrep}`, () => child.kill("SIGKILL"));
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error(`stock flagd ended with exit code ${child.exitCode}`);
    const response = await fetch(`http://127.0.0.1:${management}/readyz`).catch(() => undefined);
    if (response?.ok === true) return flagd;
    await pause(100);
  }
  flagd.close();
  throw new Error("stock flagd was not ready within thirty seconds");
}

/** What OFREP answers to one evaluation, success or not. */
interface OfrepAnswer {
  readonly reason?: string;
  readonly errorCode?: string;
  readonly variant?: string;
  readonly value?: unknown;
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** Asks over OFREP, flag by flag, eight at a time. */
export function createOfrepFlagd(url: string, close: () => void): Flagd {
  const evaluate = async (flagKey: string, context: unknown): Promise<OfrepAnswer> => {
    const response = await fetch(`${url}/ofrep/v1/evaluate/flags/${encodeURIComponent(flagKey)}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ context }),
    });
    return (await response.json()) as OfrepAnswer;
  };
  const answer = async ({ flagKey, context }: Question): Promise<Answer> => {
    const told = await evaluate(flagKey, context);
    if (told.errorCode !== undefined) return { reason: "ERROR", errorCode: told.errorCode };
    const { reason = "", variant = "", value } = told;
    return variant === "" ? { reason } : { reason, variant, value };
  };
  // Any flag that is there tells the metadata of its set.
  let known = "";
  return {
    async ask(questions) {
      known = questions[0]?.flagKey ?? known;
      const answers: Answer[] = [];
      for (let start = 0; start < questions.length; start += 8)
        answers.push(...(await Promise.all(questions.slice(start, start + 8).map(answer))));
      return answers;
    },
    async waitFor(version) {
      for (let tries = 0; tries < 200; tries += 1) {
        const told = await evaluate(known, {});
        if (String(told.metadata?.["version"]) === version) return true;
        await pause(100);
      }
      return false;
    },
    close,
  };
}
