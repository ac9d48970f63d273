import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWebhookIntake } from "@flagspan/bridge/webhooks";
import { parsePlan } from "@flagspan/guard";
import { expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { listBlocks } from "./blocks.ts";
import { makeFolder } from "./folder.ts";
import { flagspan, startHouse } from "./house.ts";

/** Every block that holds data, by name: what reads it in earnest. One that is not here fails. */
const readers: Readonly<Record<string, (code: string) => Promise<void> | void>> = {
  "packages/bridge/README.md#Webhooks": readConfigCatTemplate,
  "packages/bridge/README.md#Webhooks json": readDatadogTemplate,
  "packages/cli/README.md#Control: `serve` yaml": readConfiguration,
  "packages/guard/README.md#A plan yaml": readPlan,
};

/** Pictures, for people only. */
const pictures = new Set([
  ".github/ARCHITECTURE.md#Architecture",
  ".github/ARCHITECTURE.md#Packages and the one direction of imports",
  "packages/telemetry/README.md#@flagspan/telemetry",
]);

const blocks = listBlocks("json", "yaml", "text").map((block) => ({
  ...block,
  name: block.language === "text" ? block.name : `${block.name} ${block.language}`,
}));
const isPicture = (name: string): boolean => pictures.has(name) || name.includes("/SPEC.md#");

test.each(blocks.filter(({ name }) => !isPicture(name)).map(({ name, code }) => [name, code]))(
  "%s is taken by what it is written for",
  async (name, code) => {
    expect(Object.keys(readers)).toContain(name);
    await readers[name]?.(code);
  },
);

test("every reader and every picture has its block", () => {
  const names = new Set(blocks.map(({ name }) => name));
  expect([...Object.keys(readers), ...pictures].filter((name) => !names.has(name))).toEqual([]);
});

/** A plan: the guard takes it, and knows each name in it, for a name with a slip is refused. */
function readPlan(code: string): void {
  const plan = parseYaml(code) as Record<string, unknown>;
  const parsed = parsePlan(plan);
  expect(parsed).toMatchObject({ ok: true, plan: { flagKey: "dark-mode", alpha: 0.01, onBreach: "kill" } });
  if (!parsed.ok) return;
  expect(parsed.plan.stages).toHaveLength((plan["stages"] as unknown[]).length);
  expect(parsed.plan.guardrails).toHaveLength((plan["guardrails"] as unknown[]).length);
  for (const name of Object.keys(plan))
    expect(parsePlan({ ...plan, [`${name}s`]: plan[name] }), `${name}s`).toMatchObject({ ok: false });
}

/** `serve --config`: control starts with it and takes LaunchDarkly's webhook by that secret alone; without the secrets it says which. */
async function readConfiguration(code: string): Promise<void> {
  const folder = makeFolder();
  writeFileSync(join(folder, "flagspan.yaml"), code);
  const config = ["--config", "flagspan.yaml"];
  const bare = await flagspan(folder, ["serve", "--port", "0", ...config]);
  expect(bare).toMatchObject({ code: 2, stderr: expect.stringMatching(/GRAFANA_TOKEN.*\n$/) as unknown });
  const secrets = { GRAFANA_TOKEN: "token", LAUNCHDARKLY_SECRET: "a secret" };
  const house = await startHouse(folder, config, secrets);
  const body = JSON.stringify({ _id: "1", kind: "project" });
  const post = async (secret: string): Promise<number> => {
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    const headers = { "content-type": "application/json", "x-ld-signature": signature };
    return (await fetch(`${house.url}/hooks/launchdarkly`, { method: "POST", headers, body })).status;
  };
  expect([await post("a secret"), await post("another")]).toEqual([200, 401]);
  await house.stop();
}

const secret = "a-long-random-secret";

/** ConfigCat puts its values where the template has `##Names##`; the list comes as JSON. */
async function readConfigCatTemplate(template: string): Promise<void> {
  const details = JSON.stringify([
    { settingKey: "dark-mode", event: "changed", details: "flag: true ➔ false" },
  ]);
  const body = template
    .replaceAll("##ChangeDetails##", details)
    .replaceAll(/##(\w+)##/g, (_whole, name: string) => `the ${name}`);
  const stamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", secret).update(`1${stamp}${body}`).digest("base64");
  const answer = await createWebhookIntake({ vendors: { configcat: { secret } } }).receive({
    vendor: "configcat",
    headers: {
      "content-type": "application/json",
      "x-configcat-webhook-id": "1",
      "x-configcat-webhook-timestamp": stamp,
      "x-configcat-webhook-signature-v1": signature,
    },
    rawBody: Buffer.from(body),
    query: {},
  });
  expect(answer).toMatchObject({
    status: 200,
    changes: [{ flagKey: "dark-mode", action: "disabled", reason: "the ChangeNotes" }],
  });
}

/** Datadog puts its values where the payload has `$NAMES`. */
async function readDatadogTemplate(template: string): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    $ALERT_TRANSITION: "Triggered",
    $DATE: "1769860800000",
    $TAGS: "env:prod,feature_flag.key:dark-mode",
    $ALERT_TITLE: "Checkout SLO",
  };
  const body = template.replaceAll(/\$[A-Z_]+/g, (name) => values[name] ?? `the ${name.slice(1)}`);
  const answer = await createWebhookIntake({ vendors: { datadog: { secret } } }).receive({
    vendor: "datadog",
    headers: { "content-type": "application/json", authorization: secret },
    rawBody: Buffer.from(body),
    query: {},
  });
  expect(answer).toMatchObject({
    status: 200,
    alerts: [
      {
        name: "Checkout SLO",
        status: "firing",
        flagKey: "dark-mode",
        summary: "the TEXT_ONLY_MSG",
        url: "the LINK",
      },
    ],
  });
}
