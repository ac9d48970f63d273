import { parseJson } from "../http/body.ts";
import type { DocumentStore } from "../store/store.ts";

/** A vendor's webhook that was genuine and that nobody here understood. */
export interface UnknownEvent {
  /** Counts from 1 for each vendor. */
  readonly seq: number;
  readonly receivedAt: string;
  /** What the vendor's reader could not make a change of. */
  readonly unknown: string;
  /** Length of the body as it came. */
  readonly bytes: number;
  /** The start of the body as JSON, without what looks like a credential. */
  readonly body: string;
  /** What the reader of the vendor's webhooks wants back to read it again, after an upgrade; absent where it keeps nothing of the kind. */
  readonly replay?: readonly unknown[];
}

/** The unknown events of one vendor. */
export interface UnknownEventsOfVendor {
  readonly vendor: string;
  /** How many there ever were. */
  readonly count: number;
  /** How many of them fell off the end. */
  readonly dropped: number;
  /** Those that are still here, oldest first. */
  readonly events: readonly UnknownEvent[];
}

/** Keeps what vendors said and nobody understood, so that it can be looked at and read again later. */
export interface UnknownEvents {
  /** Durable on return. */
  keep(vendor: string, unknown: string, rawBody: Uint8Array, replay?: readonly unknown[]): Promise<void>;
  /** Of one vendor, or of all. */
  read(vendor?: string): Promise<readonly UnknownEventsOfVendor[]>;
}

/** Events kept for each vendor. */
const KEPT = 200;
/** Characters kept of a body, after credentials are out. */
const KEPT_BODY = 4096;
const KEPT_UNKNOWN = 500;
const LOG = "webhook-unknown";
const REDACTED = "[redacted]";

/** Keeps them in the store's bounded logs, one a vendor. */
export function createUnknownEvents(options: {
  readonly documents: DocumentStore;
  readonly now: () => number;
  /** Nesting that is still read. */
  readonly jsonDepth: number;
  readonly onKept: (vendor: string) => void;
}): UnknownEvents {
  const { documents, now, jsonDepth, onKept } = options;
  const listed = new Set<string>();

  async function readVendor(vendor: string): Promise<UnknownEventsOfVendor> {
    const entries = await documents.read(LOG, vendor, 0, KEPT);
    const events = entries.map(({ seq, body }): UnknownEvent => ({
      ...(body as Omit<UnknownEvent, "seq">),
      seq,
    }));
    const count = events.at(-1)?.seq ?? 0;
    return { vendor, count, dropped: count - events.length, events };
  }

  return {
    async keep(vendor, unknown, rawBody, replay) {
      if (!listed.has(vendor)) {
        // A conflict says that the vendor is in the list already.
        await documents.put(LOG, vendor, {}, null);
        listed.add(vendor);
      }
      const event: Omit<UnknownEvent, "seq"> = {
        receivedAt: new Date(now()).toISOString(),
        unknown: unknown.slice(0, KEPT_UNKNOWN),
        bytes: rawBody.length,
        body: redact(rawBody, jsonDepth).slice(0, KEPT_BODY),
        ...(replay === undefined ? {} : { replay }),
      };
      await documents.append(LOG, vendor, event, KEPT);
      onKept(vendor);
    },
    async read(vendor) {
      const known = (await documents.list(LOG))
        .map(({ id }) => id)
        .filter((id) => vendor === undefined || id === vendor);
      return Promise.all(known.sort().map(readVendor));
    },
  };
}

const CREDENTIAL_NAME =
  /secret|token|passw|api[-_ ]?key|sdk[-_ ]?key|access[-_ ]?key|private[-_ ]?key|client[-_ ]?key|environment[-_ ]?key|authori[sz]ation|signature|credential|cookie/i;
const CREDENTIAL_VALUE = /^(?:Bearer|Basic) |:\/\/[^/\s:@]+:[^/\s@]+@|^fs_[0-9a-f]{16}\.|-----BEGIN/;

/** The body as JSON without credentials: by the name of a member, and by the look of a text. */
function redact(rawBody: Uint8Array, jsonDepth: number): string {
  const parsed = parseJson(rawBody, jsonDepth);
  if (!parsed.ok) return `[not kept: ${parsed.detail}]`;
  return (
    JSON.stringify(parsed.value, (name, value: unknown) => {
      if (CREDENTIAL_NAME.test(name) && value !== null && typeof value !== "boolean") return REDACTED;
      return typeof value === "string" && CREDENTIAL_VALUE.test(value) ? REDACTED : value;
    }) ?? ""
  );
}
