import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { prepareSdkLine, sdkLines } from "./sdk-lines.ts";

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

test.each(sdkLines)(
  "the packed package works with an SDK that is set up by hand: $title",
  (line) => {
    const { node, folder } = prepareSdkLine(line);
    const script = join(folder, "hand-made.mjs");
    copyFileSync(fileURLToPath(new URL("apps/hand-made.mjs", import.meta.url)), script);
    const output = execFileSync(node, [script], {
      cwd: folder,
      env: { ...process.env, ...line.env, TARGETING_KEY: targetingKey },
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
