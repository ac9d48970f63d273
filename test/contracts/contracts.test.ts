import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import { parseRuleset, updateRuleset } from "@flagspan/ruleset";
import type { FlagDefinition, JsonValue } from "@flagspan/ruleset";
import { describeChange, parseFlagChange } from "@flagspan/ruleset/change";
import { renderKill, renderSegmentKill } from "@flagspan/ruleset/rollout";
import { afterAll, describe, expect, test } from "vitest";
import { contractNames, contractOf, violationsOf } from "./contract.ts";
import { readEvents } from "./events.ts";
import { mutate } from "./mutations.ts";

describe.each(contractNames)("%s.json", (name) => {
  const contract = contractOf(name);

  test("says what it is, and every example satisfies its schema", () => {
    expect(contract.$comment.length).toBeGreaterThan(20);
    expect(contract.examples.length).toBeGreaterThan(0);
    for (const example of contract.examples) expect(violationsOf(name, example)).toEqual([]);
  });

  test("has a schema that refuses a list, and each member of an example in some other form", () => {
    expect(violationsOf(name, [])).not.toEqual([]);
    for (const member of Object.keys(contract.examples[0] ?? {})) {
      const others = mutate(contract.examples[0]).filter(({ title }) => title.startsWith(`/${member} `));
      expect(others.filter(({ value }) => violationsOf(name, value).length > 0)).not.toEqual([]);
    }
  });
});

describe("change.json", () => {
  const { examples } = contractOf("change");

  test.each(examples)("$action by $actor.id is parsed as it is, and said in a sentence", (example) => {
    const parsed = parseFlagChange(example);
    expect(parsed).toEqual({ ok: true, change: example });
    expect(parsed.ok && describeChange(parsed.change)).toMatch(/^\S+ .*(?:dark-mode|new-checkout) in /);
  });

  test("refuses what parsing refuses: any required property that is missing", () => {
    for (const name of ["id", "occurredAt", "source", "flagSetId", "flagKey", "action", "actor"]) {
      const { [name]: _, ...rest } = examples[0] ?? {};
      expect(violationsOf("change", rest)).not.toEqual([]);
      expect(parseFlagChange(rest).ok).toBe(false);
    }
  });
});

describe("kill.json", () => {
  const flag: FlagDefinition = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" };

  test.each(contractOf("kill").examples)("%j can be rendered", (body) => {
    const options = body as Parameters<typeof renderSegmentKill>[1];
    const isPartial = options.segment !== undefined || options.semver !== undefined;
    const result = isPartial ? renderSegmentKill(flag, options) : renderKill(flag, options);
    expect(result).toMatchObject({ ok: true, variant: "off" });
  });
});

describe("patch.json", () => {
  test("holds patches that a ruleset takes without issues", () => {
    const parsed = parseRuleset({ flags: { old: { state: "DISABLED", variants: { on: true } } } });
    if (!parsed.ok) throw new Error("no ruleset");
    let { ruleset } = parsed;
    for (const example of contractOf("patch").examples) {
      const flags = example["flags"] as Readonly<Record<string, JsonValue>>;
      const updated = updateRuleset(ruleset, { flags });
      expect(updated.issues).toEqual([]);
      ({ ruleset } = updated);
    }
    expect([...ruleset.flags.keys()]).toEqual(["dark-mode"]);
  });
});

describe("control", async () => {
  const store = await openMemoryStore();
  const control = createControl({ store });
  const { url } = await control.listen({ port: 0 });
  afterAll(() => control.close());
  const key = await createKey(store, {
    name: "test",
    scopes: ["admin", "write", "kill", "sync"],
    sets: ["*"],
    actorType: "user",
  });
  const headers = { authorization: `Bearer ${key.token}`, "content-type": "application/json" };
  const send = async (method: string, path: string, body: unknown): Promise<unknown> => {
    const init = { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, init);
    expect([path, response.status]).toEqual([path, 200]);
    return response.json();
  };

  test("answers writes, kills and restores as flag-write.json says, and streams patches as patch.json says", async () => {
    const flag = "/v1/flags/shop.test/dark-mode";
    await send("PUT", "/v1/rulesets/shop.test", { ruleset: { flags: {} }, reason: "start" });
    const stream = await fetch(`${url}/v1/rulesets/shop.test/stream`, { headers });
    const on = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" };
    const writes: readonly (readonly ["PUT" | "PATCH" | "POST" | "DELETE", string, object])[] = [
      ["PUT", "", { flag: on, reason: "start" }],
      ["PATCH", "", { flag: { metadata: { owner: "ada" } }, reason: "owner" }],
      ["PATCH", "", { flag: {}, reason: "nothing" }],
      ["POST", "/kill", { reason: "old apps", semver: { attribute: "v", operator: "<", version: "2.0.0" } }],
      ["POST", "/kill", { reason: "everyone" }],
      ["POST", "/restore", { reason: "fixed" }],
      ["DELETE", "", { reason: "done" }],
    ];
    const actions: unknown[] = [];
    const changes: unknown[] = [];
    for (const [method, action, body] of writes) {
      const answer = await send(method, `${flag}${action}`, body);
      expect(violationsOf("flag-write", { method, body, answer })).toEqual([]);
      const { change } = answer as { change: { action: string } | null };
      actions.push(change?.action);
      changes.push(...(change === null ? [] : [change]));
    }
    expect(actions).toEqual(["created", "updated", undefined, "killed", "killed", "restored", "deleted"]);

    for (const change of changes) expect(parseFlagChange(change)).toEqual({ ok: true, change });

    const [snapshot, ...patches] = await readEvents(stream, 7);
    expect(violationsOf("ruleset", snapshot?.data)).toEqual([]);
    for (const { data } of patches) expect(violationsOf("patch", data)).toEqual([]);
    expect(patches.map(({ event }) => event)).toEqual(Array(6).fill("patch"));
  });
});
