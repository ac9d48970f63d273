import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type {
  Metadata,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
} from "@grpc/grpc-js";

import type { Ask, Gate } from "../http/gate.ts";
import { reachesSet } from "../keys/key.ts";
import type { Library, LiveStep } from "../ruleset/library.ts";
import type { LiveSet } from "../ruleset/live-set.ts";
import type { Store } from "../store/store.ts";
import { decodeSyncRequest, encodeFlagConfiguration } from "./messages.ts";
import type { SyncRequest } from "./messages.ts";

/** What the gRPC side is made of. */
export interface SyncServiceOptions {
  readonly store: Store;
  readonly library: Library;
  readonly gate: Gate;
  /** Streams held at once; more are told that there are too many. */
  readonly maxStreams: number;
  onStep(listener: (step: LiveStep) => void): () => void;
}

/** A listening `flagd.sync.v1.FlagSyncService`. */
export interface SyncService {
  readonly port: number;
  close(): Promise<void>;
}

const identity = (bytes: Buffer): Buffer => bytes;

const SERVICE: ServiceDefinition = {
  SyncFlags: {
    path: "/flagd.sync.v1.FlagSyncService/SyncFlags",
    requestStream: false,
    responseStream: true,
    requestSerialize: identity,
    requestDeserialize: decodeSyncRequest,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
  FetchAllFlags: {
    path: "/flagd.sync.v1.FlagSyncService/FetchAllFlags",
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: decodeSyncRequest,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};

type Found = { readonly live: LiveSet } | { readonly code: status; readonly details: string };

type Refused = Exclude<Found, { readonly live: LiveSet }>;

const NO_KEY: Refused = {
  code: status.UNAUTHENTICATED,
  details: "this needs a key with the scope sync, as authorization metadata",
};
/** What the gate's HTTP status is called here; a provider comes back by itself after the last two. */
const REFUSALS: ReadonlyMap<number, Refused> = new Map([
  [403, { code: status.PERMISSION_DENIED, details: "this key lacks the scope sync" }],
  [429, { code: status.RESOURCE_EXHAUSTED, details: "too many requests; come back in a moment" }],
  [503, { code: status.UNAVAILABLE, details: "the keys cannot be read at the moment" }],
]);
const STORE_AWAY: Refused = { code: status.UNAVAILABLE, details: "the store does not answer" };

const TOO_MANY: Refused = {
  code: status.RESOURCE_EXHAUSTED,
  details: "too many streams are open at once; come back in a moment",
};

const messages = new WeakMap<LiveSet, Buffer>();

/** A revision as a message, made once for all streams. */
function messageOf(live: LiveSet): Buffer {
  const known = messages.get(live) ?? encodeFlagConfiguration(live.body);
  messages.set(live, known);
  return known;
}

/** Sends revisions to one stream. While one is on its way only the newest of the others waits: a slow reader skips. */
function createTeller(call: ServerWritableStream<SyncRequest, Buffer>): (live: LiveSet) => void {
  let told = 0;
  let isSending = false;
  let newest: LiveSet | undefined;
  function send(): void {
    if (isSending || newest === undefined || newest.revision <= told) return;
    const live = newest;
    newest = undefined;
    told = live.revision;
    isSending = true;
    call.write(messageOf(live), () => {
      isSending = false;
      send();
    });
  }
  return (live) => {
    newest = live;
    send();
  };
}

/**
 * Serves whole rulesets to flagd's in-process providers: one message at once, one per change.
 *
 * A stream never ends with OK: the JavaScript flagd provider takes a graceful end for "nothing more to come" and
 * stays stale. The key travels as `authorization` metadata; stock providers send none, so for them control must be
 * told what somebody without a key may do (`anonymous`).
 */
export async function listenSyncService(
  options: SyncServiceOptions,
  address: { readonly port: number; readonly host: string },
): Promise<SyncService> {
  const server = new Server({
    // Providers ping every 30 s, with or without a stream; punishing that would cut them.
    "grpc.http2.min_ping_interval_without_data_ms": 10_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_send_message_length": -1,
  });
  const open = new Set<ServerWritableStream<SyncRequest, Buffer>>();

  async function find(metadata: Metadata, request: SyncRequest): Promise<Found> {
    const header = (name: string): string | undefined => metadata.get(name)[0]?.toString();
    const ask: Ask = {
      method: "POST",
      target: { segments: [], path: "/flagd.sync.v1.FlagSyncService", query: "" },
      address: "grpc",
      header,
      headers: () => [],
    };
    const admission = await options.gate.admit(ask, ["sync"]);
    if (!admission.ok) return REFUSALS.get(admission.reply.status) ?? NO_KEY;
    const { principal } = admission;
    if (principal === undefined) return NO_KEY;
    const named = /^(?:flagSetId\s*=\s*)?(\S+)$/.exec(
      (header("flagd-selector") ?? request.selector).trim(),
    )?.[1];
    const sets = principal.sets === "*" ? await options.store.rulesets.sets() : [...principal.sets];
    const set = named ?? (sets.length === 1 ? sets[0] : undefined);
    if (set === undefined) {
      return {
        code: status.INVALID_ARGUMENT,
        details: "name one flag set with the selector flagSetId=<set>",
      };
    }
    if (!reachesSet(principal, set)) {
      return { code: status.PERMISSION_DENIED, details: "this key does not reach that flag set" };
    }
    const live = await options.library.get(set);
    return live === undefined ? { code: status.NOT_FOUND, details: `there is no flag set ${set}` } : { live };
  }

  server.addService(SERVICE, {
    SyncFlags: async (call: ServerWritableStream<SyncRequest, Buffer>) => {
      const found = await find(call.metadata, call.request).catch(() => STORE_AWAY);
      if ("code" in found) {
        call.emit("error", found);
        return;
      }
      if (open.size >= options.maxStreams) {
        call.emit("error", TOO_MANY);
        return;
      }
      const tell = createTeller(call);
      const stop = options.onStep(({ live }) => {
        if (live.set === found.live.set) tell(live);
      });
      open.add(call);
      call.once("close", () => {
        stop();
        open.delete(call);
      });
      tell(found.live);
    },
    FetchAllFlags: async (call: ServerUnaryCall<SyncRequest, Buffer>, answer: sendUnaryData<Buffer>) => {
      const found = await find(call.metadata, call.request).catch(() => STORE_AWAY);
      if ("code" in found) answer(found);
      else answer(null, messageOf(found.live));
    },
  });

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address.host}:${address.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    async close() {
      for (const call of open)
        call.emit("error", { code: status.UNAVAILABLE, details: "control is shutting down" });
      const forced = setTimeout(() => server.forceShutdown(), 1000);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(forced);
    },
  };
}
