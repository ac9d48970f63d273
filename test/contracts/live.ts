import { createHmac } from "node:crypto";
import { createWebhookIntake } from "@flagspan/bridge/webhooks";
import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import { createControlClient, createGuard } from "@flagspan/guard";

/** A real control with the guard plugged in, on a free port, over a store of its own. */
export interface Live {
  readonly url: string;
  /** Lets the guard look now. */
  look(): Promise<void>;
  /** Sends JSON with a key that may do everything; other headers win. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Sends a vendor's genuine webhook of a kind that nobody understands. */
  tellUnknown(): Promise<void>;
  close(): Promise<void>;
}

/** An answer, its body parsed where there is one. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
  readonly stream: Response;
}

/** The ruleset every one starts with, as set `shop.prod`. */
const ruleset = {
  $evaluators: { internal: { ends_with: [{ var: "email" }, "@shop.example"] } },
  flags: {
    "dark-mode": { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
    "new-search": { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
    colour: { state: "ENABLED", variants: { blue: "b", green: "g" }, defaultVariant: "blue" },
    closed: { state: "DISABLED", variants: { on: true, off: false }, defaultVariant: "off" },
  },
};

/** Starts one; the caller closes it. */
export async function startLive(): Promise<Live> {
  const store = await openMemoryStore();
  const scopes = ["admin", "write", "kill", "sync", "evaluate", "telemetry"] as const;
  const { token } = await createKey(store, { name: "ada", scopes, sets: ["*"], actorType: "user" });
  const late: { url?: string } = {};
  const guard = createGuard({
    documents: store.documents,
    control: createControlClient({
      baseUrl: "http://control.test",
      key: token,
      fetch: (input, init) => fetch(input.replace("http://control.test", late.url ?? ""), init),
    }),
  });
  const secret = "a-long-random-secret";
  const webhooks = createWebhookIntake({ vendors: { launchdarkly: { secret } } });
  const control = createControl({ store, decider: guard.decider, webhooks });
  const { url } = await control.listen({ port: 0 });
  late.url = url;
  const send: Live["send"] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const contentType = response.headers.get("content-type") ?? "";
    const parsed: unknown = contentType.includes("json") ? await response.json() : undefined;
    return { status: response.status, contentType, body: parsed, stream: response };
  };
  const seeded = await send("PUT", "/v1/rulesets/shop.prod", { ruleset, reason: "the first" });
  if (seeded.status !== 200) throw new Error(JSON.stringify(seeded.body));
  return {
    url,
    send,
    async tellUnknown() {
      const body = JSON.stringify({ _id: "1", kind: "project" });
      const signature = createHmac("sha256", secret).update(body).digest("hex");
      const { status } = await send("POST", "/hooks/launchdarkly", body, { "x-ld-signature": signature });
      if (status !== 200) throw new Error(`the webhook was answered with ${status}`);
    },
    look: () => guard.tick(Date.now()),
    async close() {
      await guard.stop();
      await control.close();
      await store.close();
    },
  };
}
