import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import { expect, test } from "vitest";

interface Contract {
  readonly schema: object;
  readonly examples: readonly unknown[];
}

const read = (name: string): Contract =>
  JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8")) as Contract;

test("control takes every example of a route's body, and its report of who applied what satisfies the fixture", async () => {
  const store = await openMemoryStore();
  const control = createControl({ store });
  const scopes = ["admin", "write", "kill", "sync"] as const;
  const { token } = await createKey(store, { name: "ada", scopes, sets: ["*"], actorType: "user" });
  const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
    control.fetch(
      new Request(`http://control.test${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  const steps = [
    { fixture: "ruleset-import", method: "PUT", path: "/v1/rulesets/shop.prod" },
    { fixture: "kill", method: "POST", path: "/v1/flags/shop.prod/dark-mode/kill", first: true },
    { fixture: "acknowledgement", method: "POST", path: "/v1/rulesets/shop.prod/applied" },
    { fixture: "restore", method: "POST", path: "/v1/flags/shop.prod/dark-mode/restore" },
    { fixture: "key", method: "POST", path: "/v1/keys" },
  ];
  for (const { fixture, method, path, first } of steps) {
    const { examples } = read(fixture);
    for (const body of first === true ? examples.slice(0, 1) : examples) {
      const response = await ask(method, path, body);
      expect({
        fixture,
        status: response.status,
        ok: response.ok,
        body: await response.text(),
      }).toMatchObject({ ok: true });
    }
  }
  const report: unknown = await (await ask("GET", "/v1/rulesets/shop.prod/applied?revision=2")).json();
  const validate = new Ajv({ allErrors: true, strict: false }).compile(read("applied-report").schema);
  expect([validate(report), validate.errors, report]).toMatchObject([true, null, {}]);
  await control.close();
  await store.close();
});
