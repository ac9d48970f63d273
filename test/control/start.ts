import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import type { Control, ControlOptions, Scope, Store } from "@flagspan/control";
import { afterAll } from "vitest";

/** A ruleset with one flag of each shape that matters here. */
export const RULESET = {
  $evaluators: { internal: { ends_with: [{ var: "email" }, "@corp.example"] } },
  flags: {
    "dark-mode": {
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "on",
      targeting: { if: [{ $ref: "internal" }, "on", null] },
      metadata: { owner: "team-design", ticket: "UI-7" },
    },
    banner: { state: "ENABLED", variants: { a: "A", b: "B" }, defaultVariant: "a" },
    "checkout/new": { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
    watched: {
      state: "ENABLED",
      variants: { treatment: true, control: false },
      defaultVariant: "control",
      targeting: { fractional: ["secret-salt", ["treatment", 50], ["control", 50]] },
      metadata: {
        owner: "team-pay",
        rollout: "r1/10",
        rolloutTreatment: "treatment",
        rolloutControl: "control",
        rolloutSlowMs: "250,900",
      },
    },
  },
} as const;

/** A control that listens, with keys for every role. */
export interface TestControl {
  readonly control: Control;
  readonly store: Store;
  readonly url: string;
  readonly keys: Readonly<Record<Scope | "everything", string>>;
  /** Sends a request; objects become JSON bodies. */
  readonly ask: (
    method: string,
    path: string,
    options?: { key?: string | null; body?: unknown; headers?: Record<string, string> },
  ) => Promise<Response>;
}

const SCOPES = ["evaluate", "sync", "telemetry", "write", "kill", "admin"] as const;
const running: Control[] = [];

afterAll(async () => {
  for (const control of running.splice(0)) await control.close();
});

/** Starts control on a free port over a memory store that holds `RULESET` as shop.prod. It ends with the test file. */
export async function startControl(options: Partial<ControlOptions> = {}): Promise<TestControl> {
  const store = options.store ?? (await openMemoryStore());
  const control = createControl({ ...options, store });
  running.push(control);
  const { url } = await control.listen({ port: 0 });
  const keys = {} as Record<Scope | "everything", string>;
  for (const scope of SCOPES) {
    keys[scope] = (
      await createKey(store, { name: `key-${scope}`, scopes: [scope], sets: ["shop.prod"], actorType: "api" })
    ).token;
  }
  keys.everything = (
    await createKey(store, { name: "alice", scopes: [...SCOPES], sets: ["*"], actorType: "user" })
  ).token;
  if ((await control.library.get("shop.prod")) === undefined) {
    await control.commands.importRuleset("shop.prod", RULESET, {
      actor: { id: "alice", type: "user" },
      reason: "the first ruleset",
    });
  }
  return {
    control,
    store,
    url,
    keys,
    ask: (method, path, { key = keys.everything, body, headers = {} } = {}) =>
      fetch(new URL(path, url), {
        method,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}
