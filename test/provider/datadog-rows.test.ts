import { FlagspanProvider } from "@flagspan/provider/server";
import { afterEach, describe, expect, test } from "vitest";
import { follow, type Followed } from "./follow.ts";
import { tickUntil } from "./manual-clock.ts";
import { answerStatus, onOff, SmallControl } from "./small-control.ts";
import { settle, until } from "./until.ts";

// The sync and tolerance rows of DataDog's system-tests (tests/ffe) as research/reliability.md §1.3 lists them. Polling,
// as their SDKs do; the same answers on a stream are the rows LD-S3 to LD-S7 of launchdarkly-rows.test.ts.
type Answer = ReturnType<typeof answerStatus>;
let control: SmallControl | undefined;
let followed: Followed | undefined;
afterEach(async () => {
  await followed?.provider.onClose();
  await control?.close();
});

async function start(ruleset?: Answer): Promise<{ control: SmallControl } & Followed> {
  control = await new SmallControl({ a: onOff("on") }).listen();
  if (ruleset !== undefined) control.always.ruleset = ruleset;
  followed = follow(control, { stream: false, pollIntervalMs: 1000 });
  followed.ready.catch(() => undefined);
  return { control, ...followed };
}

const send =
  (body: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers }).end(body);
  };
const never: Answer = () => undefined;
const bad: readonly (readonly [string, Answer])[] = [
  ["unauthorized", answerStatus(401)],
  ["malformed", send("{")],
  ["of another schema", send('{"flags":7}')],
  ["never answered", never],
  ["304 to a question without an ETag", answerStatus(304)],
];

describe("cold: without anything held", () => {
  test.each(bad)("%s is not ready, and recovers once the answer is good", async (_what, answer) => {
    const { control, ready, clock, provider, value } = await start(answer);
    await tickUntil("the start has failed", clock, () => clock.monotonic() >= 10_000);
    await expect(ready).rejects.toThrow();
    expect(provider.evaluateSync("a", false).errorCode).toBe("PROVIDER_NOT_READY");
    delete control.always.ruleset;
    await tickUntil("it has recovered", clock, () => value("a"));
    expect(control.maxInFlight).toBe(1);
  });
});

describe("warm: with a ruleset held", () => {
  test.each(bad.slice(0, 4))("%s keeps the last good one and its ETag", async (_what, answer) => {
    const { control, ready, clock, value, provider } = await start();
    await ready;
    control.always.ruleset = answer;
    await tickUntil("it asked twice more", clock, () => control.count("ruleset") >= 3);
    expect([value("a"), provider.revision]).toEqual([true, "1"]);
    delete control.always.ruleset;
    const asked = control.count("ruleset");
    await tickUntil("it asked again", clock, () => control.count("ruleset") > asked);
    expect(control.last("ruleset")?.headers["if-none-match"]).toMatch(/^"[0-9a-f]{64}"$/u);
  });

  test("200 then 304: the ETag is sent, and nothing changes", async () => {
    const { control, ready, clock, events, value } = await start();
    await ready;
    clock.advance(1000);
    await until("it asked again", () => control.count("ruleset") === 2);
    await settle();
    expect([value("a"), events]).toEqual([true, []]);
  });
});

test("a source that cannot mean anything fails closed: there is no provider, and nothing is asked", () => {
  expect(() => new FlagspanProvider({})).toThrow("needs `url` and `set`, or a `source`");
  expect(() => new FlagspanProvider({ url: "ftp://flags.example", set: "shop" })).toThrow("not an http(s)");
});

describe("tolerance", () => {
  test("an unknown operator, a broken rule and a broken flag each harm only their own flag", async () => {
    const { control, ready, clock, provider, value } = await start();
    await ready;
    control.set("unknown", onOff("off", { targeting: { sounds_like: [{ var: "name" }, "Ann"] } }));
    control.set("broken", onOff("off", { targeting: { if: "no list", and: 7 } }));
    control.set("none", { state: 7 });
    control.set("after", onOff("on"));
    clock.advance(1000);
    await until("the ruleset has arrived", () => value("after"));
    expect(value("a")).toBe(true);
    for (const key of ["unknown", "broken", "none"]) {
      const { value: answered } = await provider.resolveBooleanEvaluation(key, true, { targetingKey: "ann" });
      expect(typeof answered).toBe("boolean");
    }
  });

  test("unknown fields at every level are ignored", async () => {
    const future = { later: { deep: [1, null, { x: true }] } };
    const flag = onOff("on", { ...future, metadata: { owner: "me" } });
    const document = { flags: { a: flag }, metadata: { version: "7" }, $schema: "later", ...future };
    const { ready, value, provider } = await start(send(JSON.stringify(document)));
    await ready;
    expect([value("a"), provider.revision]).toEqual([true, "7"]);
  });
});
