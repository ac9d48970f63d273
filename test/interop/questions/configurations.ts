import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { expectSoon, type Finding } from "../ask.ts";
import { configuration } from "../backends.ts";

const run = promisify(execFile);

/** Exporters that only the contrib image has, with the fields of theirs that a block of ours may use (the exporter's README). */
const contribOnly: Readonly<Record<string, { readonly api: readonly string[] }>> = {
  datadog: { api: ["site", "key"] },
};

const environment = {
  FLAGSPAN_TELEMETRY_KEY: "fs_interop",
  DD_API_KEY: "x",
  DT_OTLP_ENDPOINT: "https://environment.live.dynatrace.com/api/v2/otlp",
  DT_API_TOKEN: "x",
  HONEYCOMB_API_KEY: "x",
  NEW_RELIC_LICENSE_KEY: "x",
};

/** Has the collector itself check our configuration, alone and with each backend's block over it. */
export async function askConfigurations(collector: string, folder: string): Promise<readonly Finding[]> {
  const findings = [await validate(collector, folder, "config.yaml", [])];
  for (const file of (await readdir(join(configuration, "backends"))).sort()) {
    const block = parse(await readFile(join(configuration, "backends", file), "utf8")) as Block;
    const absent = Object.keys(block.exporters).filter((name) => contribOnly[name] !== undefined);
    const path = join(folder, file);
    await writeFile(path, stringify(withoutAbsent(block, absent)));
    const note =
      absent.length === 0 ? "" : ` (${absent.join(", ")}, which is not built, by its documented fields)`;
    findings.push(await validate(collector, folder, `config.yaml with backends/${file}${note}`, [path]));
  }
  return findings;
}

interface Block {
  readonly exporters: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** The block with `debug` in the place of an exporter that is not there; fields that nobody documents are an error. */
function withoutAbsent(block: Block, absent: readonly string[]): unknown {
  let text = JSON.stringify(block);
  for (const name of absent) {
    for (const [section, fields] of Object.entries(block.exporters[name] ?? {}))
      for (const field of Object.keys(fields)) {
        const known = section === "api" ? (contribOnly[name]?.api ?? []) : [];
        if (!known.includes(field)) throw new Error(`exporter ${name} has no field ${section}.${field}`);
      }
    text = text
      .replace(JSON.stringify({ [name]: block.exporters[name] }), '{"debug":{}}')
      .replaceAll(`["${name}"]`, '["debug"]');
  }
  return JSON.parse(text) as unknown;
}

async function validate(
  collector: string,
  folder: string,
  what: string,
  more: readonly string[],
): Promise<Finding> {
  const configs = [join(configuration, "config.yaml"), ...more].flatMap((path) => ["--config", path]);
  let problems = "";
  try {
    await run(collector, ["validate", ...configs], {
      env: { ...process.env, ...environment, QUEUE_DIRECTORY: join(folder, "validated") },
    });
  } catch (error) {
    problems = (error as { stderr?: string }).stderr ?? String(error);
    console.log(problems);
  }
  return expectSoon(
    `the collector accepts ${what}`,
    () => new Map([["valid", 1]]),
    async () => new Map([["valid", problems === "" ? 1 : 0]]),
    0,
  );
}
