import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { installFolder, installNode, packPackages } from "../packed/install.ts";

interface Exported {
  readonly active: unknown;
  readonly spans: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly logs: readonly {
    eventName?: string;
    body?: string;
    attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly points: readonly { name: string; attributes: Readonly<Record<string, unknown>> }[];
  readonly sent: readonly { url: string; headers: Readonly<Record<string, string>>; body: object }[];
  readonly dropped: readonly unknown[];
  readonly everything: {
    readonly spans: readonly { readonly name: string; readonly events: readonly unknown[] }[];
    readonly logs: readonly unknown[];
    readonly points: readonly unknown[];
    readonly sent: readonly unknown[];
    readonly carrier: Readonly<Record<string, string>>;
  };
}

const targetingKey = "alice@example.com";
/** HMAC-SHA-256 of it under the app's subject key, 96 bits, base64url, as Node computes it. */
const pseudonym = createHmac("sha256", "the secret of the set")
  .update(targetingKey)
  .digest()
  .subarray(0, 12)
  .toString("base64url");

const openFeature = { "@openfeature/core": "1.12.0", "@openfeature/server-sdk": "1.23.0" };
const lines = [
  {
    title: "the first 2.x (api 1.9.0, SDK 2.0.0, logs 0.200)",
    node: () => process.execPath,
    env: { OTEL_LINE: "2", OTEL_OLD_LOGS: "1" },
    packages: {
      "@opentelemetry/api": "1.9.0",
      "@opentelemetry/api-logs": "0.200.0",
      "@opentelemetry/context-async-hooks": "2.0.0",
      "@opentelemetry/sdk-logs": "0.200.0",
      "@opentelemetry/sdk-metrics": "2.0.0",
      "@opentelemetry/sdk-trace-base": "2.0.0",
    },
  },
  {
    title: "the last 2.x (api 1.9.1, SDK 2.12, logs 0.223)",
    node: () => process.execPath,
    env: { OTEL_LINE: "2" },
    packages: {
      "@opentelemetry/api": "1.9.1",
      "@opentelemetry/api-logs": "0.223.1",
      "@opentelemetry/context-async-hooks": "2.12.0",
      "@opentelemetry/sdk-logs": "0.223.1",
      "@opentelemetry/sdk-metrics": "2.12.1",
      "@opentelemetry/sdk-trace-base": "2.12.1",
    },
  },
  {
    title: "3.x (api 1.10.0, SDK 3.1.1) on Node 22",
    node: () => installNode("22.23.0"),
    env: { OTEL_LINE: "3" },
    packages: {
      "@opentelemetry/api": "1.10.0",
      "@opentelemetry/context-async-hooks": "3.1.1",
      "@opentelemetry/sdk-logs": "3.1.1",
      "@opentelemetry/sdk-metrics": "3.1.1",
      "@opentelemetry/sdk-trace": "3.1.1",
    },
  },
] as const;

test.each(lines)(
  "the packed package works with an SDK that is set up by hand: $title",
  ({ node, env, packages }) => {
    const name = `hand-made-${packages["@opentelemetry/context-async-hooks"]}`;
    const folder = installFolder(name, { ...openFeature, ...packages }, packPackages(["telemetry"]));
    const script = join(folder, "hand-made.mjs");
    copyFileSync(fileURLToPath(new URL("apps/hand-made.mjs", import.meta.url)), script);
    const output = execFileSync(node(), [script], {
      cwd: folder,
      env: { ...process.env, ...env, TARGETING_KEY: targetingKey },
      encoding: "utf8",
    });
    const exported = JSON.parse(output.trim().split("\n").at(-1) ?? "") as Exported;

    const tag = { "feature_flags.checkout": "on" };
    expect(exported.active).toEqual({ checkout: "on" });
    expect(exported.spans).toEqual({ before: {}, work: tag, after: tag, server: tag });
    expect(exported.logs.map(({ attributes, body }) => attributes["otel.event.name"] ?? body)).toEqual([
      "feature_flag.evaluation",
      "hello",
    ]);
    expect(exported.logs.map(({ attributes }) => attributes["feature_flags.checkout"])).toEqual(["on", "on"]);
    const evaluations = exported.points.filter(({ name: metric }) => metric === "feature_flag.evaluations");
    expect(evaluations.map(({ attributes }) => attributes["feature_flag.key"])).toEqual(["checkout"]);
    const durations = exported.points.filter(
      ({ name: metric }) => metric === "feature_flag.outcome.duration",
    );
    expect(durations.map(({ attributes }) => attributes["feature_flag.outcome"])).toEqual(["error"]);
    expect(exported.sent.map(({ url, headers }) => [url, headers["authorization"]])).toEqual([
      ["http://guard.test/v1/logs", "Bearer key"],
    ]);
    expect(JSON.stringify(exported.sent)).toContain("TypeError");
    expect(exported.dropped).toEqual([]);

    const { everything } = exported;
    expect(everything.carrier).toEqual({
      baggage: `feature_flag.context.id=${pseudonym},feature_flags.private=on;rollout=r/1/treatment`,
    });
    for (const part of [everything.logs, everything.sent]) expect(JSON.stringify(part)).toContain(pseudonym);
    const names = ["private call", "feature_flag.evaluation", "feature_flag.outcome.duration"];
    const text = JSON.stringify(everything);
    expect(names.filter((shown) => !text.includes(shown))).toEqual([]);
    expect(everything.spans.find(({ name: span }) => span === "private")?.events).not.toEqual([]);
    const secrets = [targetingKey, encodeURIComponent(targetingKey), btoa(targetingKey), "gold-plan-7731"];
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  },
  300_000,
);
