import { decodeLogs } from "@flagspan/bridge/otlp";
import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import type { Scope } from "@flagspan/control";
import { createControlClient, createGuard, parseFastLaneEvent } from "@flagspan/guard";
import type { FastLaneEvent, RolloutView } from "@flagspan/guard";

/** Control with a guard behind its OTLP route, listening, with one rollout under way. */
export interface GuardedControl {
  readonly url: string;
  readonly rolloutId: string;
  /** The stage's name on the wire. */
  readonly stage: string;
  /** Every fast-lane event the guard was handed. */
  readonly heard: readonly FastLaneEvent[];
  /** Makes a key and answers its token. */
  key(scopes: readonly Scope[]): Promise<string>;
  /** Sends events to `/v1/logs` as OTLP/HTTP JSON and answers the status. */
  send(token: string | undefined, events: readonly WireEvent[]): Promise<number>;
  /** Lets the guard look at every one of so many seconds. */
  pass(seconds: number): Promise<void>;
  /** Where the rollout stands, and whether its flag has been killed. */
  standing(): Promise<{ readonly status: RolloutView["status"]; readonly killed: boolean }>;
  close(): Promise<void>;
}

/** A fast-lane event, before it is encoded. */
export interface WireEvent {
  readonly eventName: string;
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>;
}

const set = "shop.prod";
const flag = "dark-mode";
const ruleset = {
  flags: { [flag]: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" } },
};
const plan = {
  flag,
  set,
  stages: [{ percent: 50, hold: "15m" }, { percent: 100 }],
  guardrails: [{ outcome: "error", tolerate: 1.1 }],
};

/** Starts control, guard and the rollout. */
export async function startGuardedControl(): Promise<GuardedControl> {
  let nowMs = Date.now();
  const store = await openMemoryStore({ now: () => nowMs });
  const heard: FastLaneEvent[] = [];
  const key = async (scopes: readonly Scope[]): Promise<string> => {
    const request = { name: scopes.join("+"), scopes, sets: ["*"], actorType: "user" } as const;
    return (await createKey(store, request)).token;
  };
  const admin = await key(["sync", "evaluate", "write", "kill", "admin"]);
  const late: { url?: string } = {};
  const guard = createGuard({
    documents: store.documents,
    control: createControlClient({
      baseUrl: "http://control.test",
      key: admin,
      fetch: (input, init) => fetch(input.replace("http://control.test", late.url ?? ""), init),
    }),
    clock: () => nowMs,
  });
  const control = createControl({
    store,
    decider: guard.decider,
    clock: { now: () => nowMs },
    otlp: {
      accept: ({ contentType, body, scopes }) => {
        const decoded = decodeLogs(body, contentType);
        const events = (decoded.ok ? decoded.records : []).flatMap(
          (record) => parseFastLaneEvent(record) ?? [],
        );
        heard.push(...events);
        guard.observe(events, { scopes });
        return Promise.resolve({ status: decoded.ok ? 200 : 400, contentType, body: "{}" });
      },
    },
  });
  const { url } = await control.listen({ port: 0, host: "127.0.0.1" });
  late.url = url;
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  };
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      nowMs += 1_000;
      await guard.tick();
    }
  };
  await call("PUT", `/v1/rulesets/${set}`, { ruleset, reason: "the start" });
  const { rollout } = await call<{ rollout: RolloutView }>("POST", "/v1/rollouts", plan);
  await call("POST", `/v1/rollouts/${rollout.id}/start`, {});
  await pass(1);
  return {
    url,
    rolloutId: rollout.id,
    stage: "50pct",
    heard,
    key,
    pass,
    send: async (token, events) => {
      const response = await fetch(`${url}/v1/logs`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: encode(events, nowMs),
      });
      await response.text();
      return response.status;
    },
    standing: async () => {
      const answer = await call<{ rollout?: RolloutView } & RolloutView>("GET", `/v1/rollouts/${rollout.id}`);
      const read = await call<{ killed?: boolean }>("GET", `/v1/flags/${set}/${flag}`);
      return { status: (answer.rollout ?? answer).status, killed: read.killed === true };
    },
    close: async () => {
      await guard.stop();
      await control.close();
    },
  };
}

function encode(events: readonly WireEvent[], nowMs: number): string {
  const value = (given: string | number | readonly string[]): object => {
    if (typeof given === "string") return { stringValue: given };
    if (typeof given === "number") return { intValue: String(given) };
    return { arrayValue: { values: given.map((item) => ({ stringValue: item })) } };
  };
  const logRecords = events.map(({ eventName, attributes }) => ({
    timeUnixNano: `${nowMs}000000`,
    eventName,
    attributes: Object.entries(attributes).map(([name, given]) => ({ key: name, value: value(given) })),
  }));
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}
