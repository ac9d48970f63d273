import { describe, expect, test } from "vitest";
import { contractOf, violationsOf } from "./contract.ts";
import { startLive, type Live } from "./live.ts";
import { mutate, type Mutation } from "./mutations.ts";

interface Door {
  readonly fixture: string;
  readonly method: string;
  readonly path: string;
  /** Makes a new control ready to take any example. */
  readonly ready?: (live: Live) => Promise<unknown>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Mutations that are another reader's to judge, which has tests of its own. */
  readonly leaves?: RegExp;
}

const flag = "/v1/flags/shop.prod/dark-mode";
const single = "/ofrep/v1/evaluate/flags/dark-mode";
const headers = { "flagd-selector": "flagSetId=shop.prod" };
const doors: readonly Door[] = [
  { fixture: "ruleset-import", method: "PUT", path: "/v1/rulesets/shop.test", leaves: /^\/ruleset\/./ },
  { fixture: "acknowledgement", method: "POST", path: "/v1/rulesets/shop.prod/applied" },
  { fixture: "flag-put", method: "PUT", path: flag, leaves: /^\/flag\/./ },
  { fixture: "flag-patch", method: "PATCH", path: flag, leaves: /^\/flag\/./ },
  { fixture: "flag-delete", method: "DELETE", path: flag },
  { fixture: "kill", method: "POST", path: `${flag}/kill` },
  {
    fixture: "restore",
    method: "POST",
    path: `${flag}/restore`,
    leaves: /^\/flag\/./,
    ready: (live) => live.send("POST", `${flag}/kill`, { reason: "to be restored" }),
  },
  { fixture: "key", method: "POST", path: "/v1/keys" },
  { fixture: "ofrep-request", method: "POST", path: single, headers, leaves: /^\/context\/./ },
  {
    fixture: "ofrep-request",
    method: "POST",
    path: "/ofrep/v1/evaluate/flags",
    headers,
    leaves: /^\/context\/./,
  },
];

/** The examples with one thing wrong each, and what is no object at all. */
function casesOf({ fixture, leaves }: Door): readonly Mutation[] {
  const mutations = contractOf(fixture).examples.flatMap((example) => mutate(example));
  const others = [[], "text", 7, null].map((value) => ({ title: `it is ${JSON.stringify(value)}`, value }));
  return [...mutations.filter(({ title }) => leaves?.test(title) !== true), ...others];
}

describe.each(doors)("$method $path", (door) => {
  const { fixture, method, path, ready } = door;
  const form = path.startsWith("/ofrep") ? "ofrep-error" : "problem";

  test(`refuses a body exactly where ${fixture}.json does, and says what would fix it`, async () => {
    const disagreements: unknown[] = [];
    let refusals = 0;
    let live: Live | undefined;
    for (const { title, value } of casesOf(door)) {
      if (live === undefined) {
        live = await startLive();
        await ready?.(live);
      }
      const { status, body } = await live.send(method, path, JSON.stringify(value), door.headers);
      const isRefused = status === 400 || status === 422;
      const isAsAgreed = isRefused === violationsOf(fixture, value).length > 0;
      const isToldWell = isRefused ? violationsOf(form, body).length === 0 : status < 300;
      if (!isAsAgreed || !isToldWell) disagreements.push({ title, status, body });
      refusals += isRefused ? 1 : 0;
      // What was taken has changed something.
      if (!isRefused) {
        await live.close();
        live = undefined;
      }
    }
    await live?.close();
    expect(disagreements).toEqual([]);
    expect(refusals).toBeGreaterThan(3);
  });
});

const commands = contractOf("rollout-command").examples;

test.each(["pause", "dial-down", "abort"])(
  "%s refuses a body exactly where rollout-command.json does",
  async (verb) => {
    const live = await startLive();
    const plan = { flag: "dark-mode", set: "shop.prod", stages: "10%,100%", hold: "1h", start: true };
    expect(await live.send("POST", "/v1/rollouts", plan)).toMatchObject({ status: 201 });
    const semver = { attribute: "appVersion", operator: "<", version: "2.3.1" };
    const whole = { verb, body: { reason: "why", stage: "10pct", segment: "internal", semver } };
    const disagreements: unknown[] = [];
    for (const { title, value } of [...commands, whole].flatMap((example) => mutate(example))) {
      if (!title.startsWith("/body/")) continue;
      const sent = { ...(value as { body: unknown }), verb };
      if (violationsOf("rollout-command", sent).length === 0) continue;
      const { status, body } = await live.send("POST", `/v1/rollouts/dark-mode-1/${verb}`, sent.body);
      if (status !== 422 || violationsOf("problem", body).length > 0)
        disagreements.push({ title, status, body });
    }
    expect(disagreements).toEqual([]);
    await live.close();
  },
);
