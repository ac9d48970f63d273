import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import type { Control, Scope, Store } from "@flagspan/control";
import { createControlClient, createGuard } from "@flagspan/guard";
import type { ControlClient, Guard, GuardNotice, PrometheusClient, RolloutView } from "@flagspan/guard";

/** Control and guard in one process over a memory store, on a clock the test moves. */
export interface House {
  readonly store: Store;
  readonly control: Control;
  readonly guard: Guard;
  readonly client: ControlClient;
  readonly notices: readonly GuardNotice[];
  /** Whether the guard cannot reach control. */
  outage: boolean;
  /** Milliseconds since the epoch, as guard and control see it. */
  nowMs: number;
  /** Lets seconds pass, with a look at every one of them. */
  pass(seconds: number): Promise<void>;
  /** Sends a request to control with a key of these scopes. */
  send<T>(
    scopes: readonly Scope[],
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }>;
  rollout(id: string): Promise<RolloutView>;
  close(): Promise<void>;
}

/** Flags of the set `shop.prod` every house starts with. */
const ruleset = {
  $evaluators: { internal: { ends_with: [{ var: "email" }, "@example.com"] } },
  flags: {
    "dark-mode": { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
    "new-search": { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
    broken: { state: "DISABLED", variants: { on: true, off: false }, defaultVariant: "off" },
  },
};

/** Builds a house; `store` shares another house's, as a second control process would. */
export async function buildHouse(
  options: {
    store?: Store;
    owner?: string;
    nowMs?: number;
    prometheus?: PrometheusClient;
  } = {},
): Promise<House> {
  const keys = new Map<string, string>();
  const notices: GuardNotice[] = [];
  let nowMs = options.nowMs ?? Date.parse("2026-11-18T10:00:00Z");
  const store = options.store ?? (await openMemoryStore({ now: () => nowMs }));
  let outage = false;
  const keyOf = async (scopes: readonly Scope[]): Promise<string> => {
    const name = scopes.join("+");
    const known = keys.get(name);
    if (known !== undefined) return known;
    const { token } = await createKey(store, { name, scopes, sets: ["*"], actorType: "user" });
    keys.set(name, token);
    return token;
  };
  const late: { control?: Control } = {};
  const client = createControlClient({
    baseUrl: "http://control.test",
    key: await keyOf(["sync", "write", "kill", "admin"]),
    fetch: async (input, init) => {
      if (late.control === undefined || outage) throw new Error("control is down");
      return late.control.fetch(new Request(input, init));
    },
  });
  const guard = createGuard({
    documents: store.documents,
    control: client,
    owner: options.owner ?? "guard-a",
    clock: () => nowMs,
    notify: (notice) => notices.push(notice),
    ...(options.prometheus === undefined ? {} : { prometheus: options.prometheus }),
  });
  const control = createControl({ store, decider: guard.decider, clock: { now: () => nowMs } });
  late.control = control;
  const send: House["send"] = async (scopes, method, path, body) => {
    const response = await control.fetch(
      new Request(`http://control.test${path}`, {
        method,
        headers: { authorization: `Bearer ${await keyOf(scopes)}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    return { status: response.status, body: JSON.parse((await response.text()) || "null") };
  };
  if (options.store === undefined) {
    const answer = await send(["admin"], "PUT", "/v1/rulesets/shop.prod", { ruleset, reason: "the start" });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
  }
  return {
    store,
    control,
    guard,
    client,
    notices,
    send,
    get outage() {
      return outage;
    },
    set outage(value) {
      outage = value;
    },
    get nowMs() {
      return nowMs;
    },
    set nowMs(value) {
      nowMs = value;
    },
    async pass(seconds) {
      for (let second = 0; second < seconds; second += 1) {
        nowMs += 1000;
        await guard.tick();
      }
    },
    async rollout(id) {
      const { body } = await send<{ rollout?: RolloutView }>(["admin"], "GET", `/v1/rollouts/${id}`);
      return body.rollout ?? (body as RolloutView);
    },
    async close() {
      await guard.stop();
      await control.close();
    },
  };
}
