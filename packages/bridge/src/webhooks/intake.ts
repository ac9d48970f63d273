import { createHash } from "node:crypto";
import { parseFlagChange, type FlagChange } from "@flagspan/ruleset/change";
import type { Documents } from "../outbox/documents.ts";
import type { FlagAlert } from "./alert.ts";
import type { ChangeMapping } from "./change-mapping.ts";
import { asObject } from "./fields.ts";
import { nameFlagSet } from "./flag-set.ts";
import { createDocumentMemory, createProcessMemory, type WebhookMemory } from "./memory.ts";
import type { Delivery } from "./signatures/verdict.ts";
import { createUnknownCounts, type UnknownReport } from "./unknown-counts.ts";
import { describeUnknown, type UnknownEvent } from "./unknown-event.ts";
import type { Fields, Reading, ReadingTools, Vendor } from "./vendor.ts";
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

/** What an intake is made of. */
export interface WebhookIntakeOptions {
  /** By the name in the route. A route that is not here answers 404. */
  readonly vendors: Readonly<Record<string, VendorSettings>>;
  readonly clock?: { now(): number };
  /** Largest body; 1 MiB by default. */
  readonly maxBodyBytes?: number;
  /** Where whole payloads are remembered, to be compared with the next. In memory by default: the first after a start is then only remembered. */
  readonly documents?: Documents;
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
  /** What was in the delivery and not understood, in words. */
  readonly unknown?: string;
  /** The same as events to be kept durably, for a later version that understands them: {@link WebhookIntake.replay}. */
  readonly unknownEvents?: readonly UnknownEvent[];
}

/** Takes webhooks: verifies, reads, and says what to answer. Never throws; 503 only where `documents` cannot be written. */
export interface WebhookIntake {
  receive(request: WebhookRequest): Promise<WebhookAnswer>;
  /**
   * Reads a kept event once more, after an upgrade; it was verified when it came. What it means now has the ids it would have had then.
   * Answers 422 where it was not kept whole, and 404 where its route is gone.
   */
  replay(event: UnknownEvent): Promise<WebhookAnswer>;
  /** How many unknown events there were by vendor and kind, and the last hundred of them. */
  unknown(): UnknownReport;
}

/** Creates the intake of `POST /hooks/{vendor}`. Throws where a route has no format or an empty secret: it would believe anybody. */
export function createWebhookIntake(options: WebhookIntakeOptions): WebhookIntake {
  const { clock = { now: () => Date.now() }, maxBodyBytes = 1024 * 1024, documents } = options;
  const memory = documents === undefined ? createProcessMemory() : createDocumentMemory(documents);
  const routes = new Map(
    Object.entries(options.vendors).map(([name, settings]) => [name, openRoute(name, settings)]),
  );
  const unknowns = createUnknownCounts();

  async function read(route: Route, body: Fields, delivery: KnownDelivery): Promise<WebhookAnswer> {
    const tools = route.tools(delivery.bodyHash, memory);
    let reading: Reading;
    try {
      reading = await route.vendor.read(body, delivery, tools);
    } catch {
      // A vendor's file tolerates anything, so this is the memory: nothing was taken, and the sender tries again.
      return refuse(503, "what came before cannot be read or written at the moment; send it again");
    }
    const { changes, unknown } = admit(reading);
    const unknownEvents = describeUnknown({ ...delivery, kinds: unknown, body, secrets: route.secrets });
    return {
      status: 200,
      body: "ok",
      changes,
      alerts: reading.alerts,
      ...(unknownEvents.length === 0
        ? {}
        : { unknown: unknownEvents.map(({ kind }) => kind).join("; "), unknownEvents }),
    };
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
    const delivery = { ...request, nowMs: clock.now(), bodyHash: hashBody(request.rawBody) };
    const verdict = route.vendor.verify(delivery, route.secrets);
    if (!verdict.ok) return refuse(401, verdict.problem);
    const body = parseJson(request.rawBody);
    if (body === undefined) return refuse(400, "the body is not a JSON object");
    const answer = await read(route, asObject(body), delivery);
    for (const event of answer.unknownEvents ?? []) unknowns.add(event);
    return answer;
  }

  async function replay(event: UnknownEvent): Promise<WebhookAnswer> {
    const route = routes.get(event.vendor);
    if (route === undefined) return refuse(404, `no webhook is configured under "${event.vendor}"`);
    const rawBody = new TextEncoder().encode(event.body);
    const body = event.isWhole ? parseJson(rawBody) : undefined;
    if (body === undefined) return refuse(422, "the event was too long to be kept whole");
    return read(route, asObject(body), { ...event, rawBody, nowMs: Date.parse(event.receivedAt) });
  }

  return { receive, replay, unknown: () => unknowns.report() };
}

/** A delivery, and what it is known by. */
interface KnownDelivery extends Delivery {
  readonly vendor: string;
  readonly bodyHash: string;
}

interface Route {
  readonly vendor: Vendor;
  readonly secrets: readonly string[];
  tools(bodyHash: string, memory: WebhookMemory): ReadingTools;
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
    tools: (bodyHash, memory) => ({
      source: name,
      flagSet: (project, environment) => nameFlagSet(settings.sets ?? {}, project, environment),
      bodyHash: () => bodyHash,
      mapping: settings.mapping,
      remember: (key, step) => memory.update(`${name} ${key}`, step),
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

function hashBody(rawBody: Uint8Array): string {
  return createHash("sha256").update(rawBody).digest("hex").slice(0, 32);
}
