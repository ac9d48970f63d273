import { execFile } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { installFolder, installNode, packPackages } from "../packed/install.ts";

const run = promisify(execFile);
const openFeature = { "@openfeature/core": "1.12.0", "@openfeature/server-sdk": "1.23.0" };

// every minor of the 2.x line, and the logs SDK that came out with it or between it and the next
const traceMinors = [
  "2.0.1",
  "2.1.0",
  "2.2.0",
  "2.3.0",
  "2.4.0",
  "2.5.1",
  "2.6.1",
  "2.7.1",
  "2.8.0",
  "2.9.0",
  "2.10.0",
  "2.11.0",
  "2.12.1",
];
const logsMinors = Array.from({ length: 24 }, (_, index) => `0.${200 + index}.x`);
const pairs = logsMinors.map((logs, index) => ({
  logs,
  trace: traceMinors[Math.floor((index * traceMinors.length) / logsMinors.length)] ?? "2.0.1",
}));
const aliasOf = (name: string, version: string): string => `${name}-${version.replaceAll(".", "-")}`;

interface Installed {
  readonly node: string;
  readonly folder: string;
}

async function tagsOf({ node, folder }: Installed, env: Record<string, string>): Promise<unknown> {
  const app = join(folder, "join.mjs");
  copyFileSync(fileURLToPath(new URL("apps/join.mjs", import.meta.url)), app);
  const { stdout, stderr } = await run(node, [app], {
    cwd: folder,
    env: { PATH: process.env["PATH"], ...env },
  });
  return { stderr, ...(JSON.parse(stdout) as object) };
}

const tagged = { stderr: "", spans: { after: "on", request: "on" }, log: "on" };

describe.each(["register first", "register last"])("%s", (order) => {
  let second: Installed;
  let third: Installed;
  beforeAll(() => {
    const telemetry = packPackages(["telemetry"]);
    const aliases = [
      ...traceMinors.map((version) => [
        aliasOf("trace", version),
        `npm:@opentelemetry/sdk-trace-base@${version}`,
      ]),
      ...logsMinors.map((version) => [aliasOf("logs", version), `npm:@opentelemetry/sdk-logs@${version}`]),
    ];
    const shared = {
      ...openFeature,
      "@opentelemetry/api": "1.9.1",
      "@opentelemetry/api-logs": "0.223.1",
      "@opentelemetry/context-async-hooks": "2.12.0",
    };
    second = {
      node: process.execPath,
      folder: installFolder("join-2", { ...shared, ...Object.fromEntries(aliases) }, telemetry),
    };
    third = {
      node: installNode("22.23.0"),
      folder: installFolder(
        "join-3",
        {
          ...openFeature,
          "@opentelemetry/api": "1.10.0",
          "@opentelemetry/context-async-hooks": "3.1.1",
          "logs-3-0-0": "npm:@opentelemetry/sdk-logs@3.0.0",
          "logs-3-1-1": "npm:@opentelemetry/sdk-logs@3.1.1",
          "trace-3-0-0": "npm:@opentelemetry/sdk-trace@3.0.0",
          "trace-3-1-1": "npm:@opentelemetry/sdk-trace@3.1.1",
        },
        telemetry,
      ),
    };
  }, 300_000);

  test.each(pairs)("joins the providers of SDK $trace and logs SDK $logs", async ({ trace, logs }) => {
    const env = { TRACE_PACKAGE: aliasOf("trace", trace), LOGS_PACKAGE: aliasOf("logs", logs), ORDER: order };
    expect(await tagsOf(second, env)).toEqual(tagged);
  });

  test.each(["3.0.0", "3.1.1"])("joins the providers of SDK and logs SDK %s", async (version) => {
    const env = {
      TRACE_PACKAGE: aliasOf("trace", version),
      LOGS_PACKAGE: aliasOf("logs", version),
      ORDER: order,
    };
    expect(await tagsOf(third, { ...env, OTEL_LINE: "3" })).toEqual(tagged);
  });
});

describe("a process without the others", () => {
  test.each([
    { without: "OpenFeature and an SDK", dependencies: { "@opentelemetry/api": "1.9.1" } },
    { without: "OpenTelemetry", dependencies: { "@opentelemetry/api": "1.9.1" }, drop: "@opentelemetry/api" },
  ])("runs on, without $without", async ({ dependencies, drop }) => {
    const folder = installFolder("alone", dependencies, packPackages(["telemetry"]));
    const hide = drop === undefined ? [] : ["--import", hiding(drop)];
    const { stdout, stderr } = await run(
      process.execPath,
      [...hide, "--import", "@flagspan/telemetry/register", "--eval", "console.log('ran')"],
      { cwd: folder },
    );
    expect(stdout).toBe("ran\n");
    expect(stderr.split("FlagspanWarning:").length - 1).toBe(drop === undefined ? 0 : 1);
  });
});

/** A preload under which a package cannot be found. */
function hiding(name: string): string {
  const hooks = `export async function resolve(specifier, context, next) {
    if (specifier === ${JSON.stringify(name)}) throw Object.assign(new Error("Cannot find package '${name}'"), { code: "ERR_MODULE_NOT_FOUND" });
    return next(specifier, context);
  }`;
  const encoded = `data:text/javascript,${encodeURIComponent(hooks)}`;
  return `data:text/javascript,${encodeURIComponent(`import { register } from "node:module"; register(${JSON.stringify(encoded)});`)}`;
}
