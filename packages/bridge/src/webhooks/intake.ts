import { createHash } from "node:crypto";
import { parseFlagChange, type FlagChange } from "@flagspan/ruleset/change";
import type { FlagAlert } from "./alert.ts";
import type { ChangeMapping } from "./change-mapping.ts";
import { asObject } from "./fields.ts";
import { nameFlagSet } from "./flag-set.ts";
import type { Delivery } from "./signatures/verdict.ts";
import type { Reading, ReadingTools, Vendor } from "./vendor.ts";
import { vendors as knownVendors } from "./vendors/index.ts";

/** What one route believes and how it reads. */
export interface VendorSettings {
  /** The secret shared with the sender; a list while it is being changed. Never logged, never in an answer. */
  readonly secret: string | readonly string[];
  /** Whose format it is, where the route's name is another: `{ "ld-eu": { kind: "launchdarkly", … } }`. */
  readonly kind?: string;
  /** Flag sets by `project/environment`, by environment or by project; others are named `<project>.<environment>`. */
  readonly sets?: Readonly<Record<string, string>>;
  /** How a generic body is read. */
  readonly mapping?: ChangeMapping;
}

/** Keeps the last whole payload of senders that send whole payloads. */
export interface PayloadMemory {
  /** Stores a text and resolves to the one that was there. */
  swap(key: string, text: string): Promise<string | undefined>;
}

/** What an intake is made of. */
export interface WebhookIntakeOptions {
  /** By the name in the route. A route that is not here answers 404. */
  readonly vendors: Readonly<Record<string, VendorSettings>>;
  readonly clock?: { now(): number };
  /** Largest body; 1 MiB by default. */
  readonly maxBodyBytes?: number;
  /** In memory by default: the first payload after a start is then only remembered. */
  readonly memory?: PayloadMemory;
}

/** A webhook as it arrived. Header names in lower case. */
export interface WebhookRequest {
  readonly vendor: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  readonly query: Readonly<Record<string, string>>;
}

/** What to answer, and what to keep before answering. */
export interface WebhookAnswer {
  readonly status: number;
  readonly body?: string;
  /** To be appended durably before a 2xx goes out; duplicates have the same id. By the vendor's time, oldest first. */
  readonly changes: readonly FlagChange[];
  readonly alerts: readonly FlagAlert[];
  /** What was in the delivery and not understood. */
  readonly unknown?: string;
}

/** An event that no vendor file reads. */
export interface UnknownEvent {
  readonly vendor: string;
  readonly kind: string;
  readonly receivedAt: string;
  /** The first 4 kB of the body. */
  readonly excerpt: string;
}

/** Takes webhooks: verifies, reads, and says what to answer. Never throws and never answers 5xx. */
export interface WebhookIntake {
  receive(request: WebhookRequest): Promise<WebhookAnswer>;
  /** How many unknown events there were by vendor and kind, and the last hundred of them. */
  unknown(): { readonly counts: Readonly<Record<string, number>>; readonly last: readonly UnknownEvent[] };
}

const unknownKept = 100;
const unknownKinds = 500;
const excerptBytes = 4096;

/** Creates the intake of `POST /hooks/{vendor}`. Throws where a route has no format or an empty secret: it would believe anybody. */
export function createWebhookIntake(options: WebhookIntakeOptions): WebhookIntake {
  const { clock = { now: () => Date.now() }, maxBodyBytes = 1024 * 1024, memory = inMemory() } = options;
  const routes = new Map(
    Object.entries(options.vendors).map(([name, settings]) => [name, openRoute(name, settings)]),
  );
  const counts = new Map<string, number>();
  const last: UnknownEvent[] = [];

  function keepUnknown(request: WebhookRequest, kinds: readonly string[], nowMs: number): void {
    for (const kind of kinds) {
      const name = `${request.vendor}: ${kind.slice(0, 100)}`;
      const counted = counts.has(name) || counts.size < unknownKinds ? name : `${request.vendor}: other`;
      counts.set(counted, (counts.get(counted) ?? 0) + 1);
      last.push({
        vendor: request.vendor,
        kind: kind.slice(0, 100),
        receivedAt: new Date(nowMs).toISOString(),
        excerpt: new TextDecoder().decode(request.rawBody.subarray(0, excerptBytes)),
      });
      if (last.length > unknownKept) last.shift();
    }
  }

  async function receive(request: WebhookRequest): Promise<WebhookAnswer> {
    const route = routes.get(request.vendor);
    if (route === undefined)
      return refuse(404, `no webhook is configured under "${request.vendor.slice(0, 64)}"`);
    if (request.rawBody.byteLength > maxBodyBytes)
      return refuse(413, `the body is over ${maxBodyBytes} bytes`);
    const mediaType = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
    if (mediaType !== "application/json" && !/^application\/[\w.-]+\+json$/.test(mediaType))
      return refuse(415, "send application/json");
    const nowMs = clock.now();
    const delivery: Delivery = { ...request, nowMs };
    const verdict = route.vendor.verify(delivery, route.secrets);
    if (!verdict.ok) return refuse(401, verdict.problem);
    const body = parseJson(request.rawBody);
    if (body === undefined) return refuse(400, "the body is not a JSON object");
    const reading = await route.vendor.read(asObject(body), delivery, route.tools(request, memory));
    const { changes, unknown } = admit(reading);
    keepUnknown(request, unknown, nowMs);
    return {
      status: 200,
      body: "ok",
      changes,
      alerts: reading.alerts,
      ...(unknown.length === 0 ? {} : { unknown: unknown.join("; ") }),
    };
  }

  return { receive, unknown: () => ({ counts: Object.fromEntries(counts), last: [...last] }) };
}

interface Route {
  readonly vendor: Vendor;
  readonly secrets: readonly string[];
  tools(request: WebhookRequest, memory: PayloadMemory): ReadingTools;
}

function openRoute(name: string, settings: VendorSettings): Route {
  const kind = settings.kind ?? name;
  const vendor = knownVendors.get(kind);
  if (vendor === undefined)
    throw new Error(
      `webhook "${name}" has no format "${kind}"; \`kind\` is one of ${[...knownVendors.keys()].join(", ")}.`,
    );
  const secrets = typeof settings.secret === "string" ? [settings.secret] : settings.secret;
  if (secrets.length === 0 || secrets.some((secret) => secret.length < 8))
    throw new Error(
      `webhook "${name}" needs a secret of at least 8 characters; without one anybody could send.`,
    );
  return {
    vendor,
    secrets,
    tools: (request, memory) => ({
      source: name,
      flagSet: (project, environment) => nameFlagSet(settings.sets ?? {}, project, environment),
      bodyHash: () => createHash("sha256").update(request.rawBody).digest("hex").slice(0, 32),
      mapping: settings.mapping,
      remember: (key, text) => memory.swap(`${name} ${key}`, text),
    }),
  };
}

/** Lets through what is a change by every rule; the rest is unknown rather than lost. */
function admit(reading: Reading): {
  readonly changes: readonly FlagChange[];
  readonly unknown: readonly string[];
} {
  const changes: FlagChange[] = [];
  const unknown = [...reading.unknown];
  for (const candidate of reading.changes) {
    const parsed = parseFlagChange(candidate);
    if (parsed.ok) changes.push(parsed.change);
    else
      unknown.push(
        `a change without a usable ${parsed.issues.map((issue) => issue.path.join(".")).join(", ")}`,
      );
  }
  changes.sort((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt));
  return { changes, unknown };
}

function refuse(status: number, body: string): WebhookAnswer {
  return { status, body, changes: [], alerts: [] };
}

function parseJson(rawBody: Uint8Array): object | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(rawBody));
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

function inMemory(): PayloadMemory {
  const texts = new Map<string, string>();
  return {
    async swap(key, text): Promise<string | undefined> {
      const before = texts.get(key);
      if (before === undefined && texts.size >= 100) return undefined;
      texts.set(key, text);
      return before;
    },
  };
}
