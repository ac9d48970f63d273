import { randomUUID } from "node:crypto";

import type { SyncService } from "./grpc/sync-service.ts";
import { createAppliedLedger } from "./applied/ledger.ts";
import { shareLedger } from "./applied/shared.ts";
import { createCommands } from "./changes/commands.ts";
import type { Commands } from "./changes/commands.ts";
import { createWriter } from "./changes/writer.ts";
import { ControlError } from "./error.ts";
import { createApp } from "./http/app.ts";
import type { App } from "./http/app.ts";
import { createCors } from "./http/cors.ts";
import type { CorsOptions } from "./http/cors.ts";
import { createDoor } from "./http/door.ts";
import { createGate } from "./http/gate.ts";
import type { Anonymous } from "./http/gate.ts";
import { createHotRoutes } from "./http/hot-routes.ts";
import { DEFAULT_LIMITS } from "./http/limits.ts";
import type { Limits } from "./http/limits.ts";
import { createNodeServer, listen } from "./http/node.ts";
import type { RawHandler } from "./http/node.ts";
import { problem } from "./http/problem.ts";
import type { Decider, OtlpIntake, Services, WebhookIntake } from "./http/services.ts";
import { createStreamRoutes } from "./http/stream-routes.ts";
import { createKeyring } from "./keys/key.ts";
import { createOfrepAnswers } from "./ofrep/answer.ts";
import { createStreamTokens } from "./ofrep/stream-tokens.ts";
import { createLibrary } from "./ruleset/library.ts";
import type { Library, LiveStep } from "./ruleset/library.ts";
import type { DocumentStore, Outbox, Store } from "./store/store.ts";
import { isStoreAway } from "./store/away.ts";
import { createStreamHub } from "./stream/hub.ts";
import type { HubCounts } from "./stream/hub.ts";
import { createUnknownEvents } from "./webhooks/unknown-events.ts";
import { createControlMetrics } from "./telemetry/metrics.ts";

/** What control is made of. Only the store is required. */
export interface ControlOptions {
  readonly store: Store;
  /** Names this process among others over the same store. Default: random. */
  readonly instance?: string;
  readonly otlp?: OtlpIntake;
  readonly webhooks?: WebhookIntake;
  readonly decider?: Decider;
  /** Where alerts that came with webhooks go. */
  readonly onAlerts?: (alerts: readonly unknown[]) => void;
  /** Hears of every request that control failed on, for its log; the caller gets a 500 without the details. */
  readonly onError?: (error: unknown) => void;
  /** Wall clock in milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: { now(): number };
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  readonly cors?: CorsOptions;
  readonly limits?: Partial<Limits>;
  /** Who may look at the page at `/`. Default `admin`: holders of an admin key. */
  readonly pages?: "open" | "admin";
  /** What somebody without a key may do. Default: nothing. */
  readonly anonymous?: Anonymous;
}

/** A running control. */
export interface Control {
  /** Answers a web standard request: everything but the streams, which need a socket. */
  fetch(request: Request): Promise<Response>;
  /** Serves on a port; 0 takes a free one. Default host 127.0.0.1. */
  listen(options: { readonly port: number; readonly host?: string }): Promise<{ url: string; port: number }>;
  /** Serves `flagd.sync.v1` over gRPC (no TLS) for flagd's in-process providers. Default host 127.0.0.1. */
  listenGrpc(options: { readonly port: number; readonly host?: string }): Promise<{ port: number }>;
  /** Drains: asks streams to come back later, finishes what is running, lets go of the store's notifications. Idempotent. */
  close(): Promise<void>;
  /** The audit log as a queue, for the bridge. */
  readonly outbox: Outbox;
  /** Documents of the guard. */
  readonly documents: DocumentStore;
  /** The same commands as over HTTP, for this process. */
  readonly commands: Commands;
  readonly library: Library;
  /** Figures of the streams. */
  readonly streams: HubCounts;
  /** Plugs in what was built after control, because it needs control's own address. */
  attach(ports: {
    readonly otlp?: OtlpIntake;
    readonly webhooks?: WebhookIntake;
    readonly decider?: Decider;
  }): void;
}

const STORE_AWAY = "the store cannot be reached or written at the moment; come back in 2 s";

/** How long streams are given to leave, in batches. */
const DRAIN_MS = 2000;

/** Composes store, commands, streams and HTTP. Nothing listens before `listen`. */
export function createControl(options: ControlOptions): Control {
  const { store } = options;
  const now = (): number => (options.clock === undefined ? Date.now() : options.clock.now());
  // What only measures how long something takes must not follow a wall clock that is being set.
  const elapsed = options.clock === undefined ? () => performance.now() : now;
  const random = options.random ?? Math.random;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const lag = watchEventLoop();

  const hub = createStreamHub({
    maxClients: limits.streams,
    connectsPerSecond: limits.streamConnectsPerSecond,
    queueBytes: limits.streamQueueBytes,
    now: elapsed,
    random,
  });
  const metrics = createControlMetrics({ hub: () => hub.counts, lag: lag.seconds });
  const stepListeners = new Set<(step: LiveStep) => void>();
  const library = createLibrary(store, (step) => {
    const startedMs = performance.now();
    const told = hub.publish(step);
    metrics.fannedOut(step.live.set, told, (performance.now() - startedMs) / 1000);
    for (const listener of stepListeners) listener(step);
  });
  const commands = createCommands(
    createWriter(store, library, now, (set, seconds) => metrics.committed(set, seconds)),
    library,
  );
  const ledger = createAppliedLedger(now);
  const shared = shareLedger({ ledger, store, process: options.instance ?? randomUUID() });
  const keyring = createKeyring(store);
  const gate = createGate({
    keyring,
    now: elapsed,
    ratePerSecond: limits.ratePerSecond,
    strangerRatePerSecond: limits.strangerRatePerSecond,
    ...(options.anonymous === undefined ? {} : { anonymous: options.anonymous }),
    onRejected: (reason) => metrics.rejected(reason),
    failed: (error) => options.onError?.(error),
  });
  const cors = createCors(options.cors);
  const tokens = createStreamTokens(store, now);
  const ports = { otlp: options.otlp, webhooks: options.webhooks, decider: options.decider };
  let closing: Promise<void> | undefined;

  const services: Services = {
    store,
    library,
    commands,
    ofrep: createOfrepAnswers(tokens, now),
    ledger,
    applied: (set, revision) => shared.report(set, revision),
    get otlp() {
      return ports.otlp;
    },
    get webhooks() {
      return ports.webhooks;
    },
    get decider() {
      return ports.decider;
    },
    unknownEvents: createUnknownEvents({
      documents: store.documents,
      now,
      jsonDepth: limits.jsonDepth,
      onKept: (vendor) => metrics.unknownEvent(vendor),
    }),
    limits,
    now,
    failed(error) {
      options.onError?.(error);
      return isStoreAway(error)
        ? problem(503, STORE_AWAY, {}, { "retry-after": "2" })
        : problem(500, "control failed on this request; its log says why");
    },
    onAlerts: (alerts) => options.onAlerts?.(alerts),
    async ready() {
      const missing = closing === undefined ? [] : ["this process is shutting down"];
      if (!library.healthy) missing.push("the store could not be followed; rulesets served may be behind");
      await store.ping().catch((error: unknown) => {
        missing.push(`the store does not answer: ${error instanceof Error ? error.message : String(error)}`);
      });
      return missing;
    },
  };

  const door = createDoor({ services, gate, cors });
  const app: App = createApp({ services, door, gate, cors, pages: options.pages ?? "admin" });
  const raw: readonly RawHandler[] = [
    createStreamRoutes({
      library,
      ledger,
      hub,
      tokens,
      gate,
      cors,
      onRejected: () => metrics.rejected("stream"),
      failed: (error) => services.failed(error),
    }),
    createHotRoutes(door, (error) => services.failed(error)),
  ];
  const syncServices: SyncService[] = [];
  const servers: ReturnType<typeof createNodeServer>[] = [];

  async function shutDown(): Promise<void> {
    const stopped = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const server of servers) server.closeIdleConnections();
    await Promise.all([hub.close(DRAIN_MS), ...syncServices.map((service) => service.close())]);
    const late = setTimeout(() => {
      for (const server of servers) server.closeAllConnections();
    }, DRAIN_MS);
    await Promise.all(stopped);
    clearTimeout(late);
    shared.close();
    library.close();
    keyring.close();
    metrics.close();
    lag.close();
  }

  return {
    fetch: (request) => app(request),
    async listen({ port, host = "127.0.0.1" }) {
      if (closing !== undefined)
        throw new ControlError("closed", "this control was closed; create a new one");
      const server = createNodeServer({ app, raw, headerBytes: limits.headerBytes });
      servers.push(server);
      return listen(server, port, host);
    },
    async listenGrpc({ port, host = "127.0.0.1" }) {
      if (closing !== undefined)
        throw new ControlError("closed", "this control was closed; create a new one");
      const onStep = (listener: (step: LiveStep) => void): (() => void) => {
        stepListeners.add(listener);
        return () => stepListeners.delete(listener);
      };
      // Only who serves gRPC loads it.
      const { listenSyncService } = await import("./grpc/sync-service.ts");
      const service = await listenSyncService(
        { store, library, gate, onStep, maxStreams: limits.streams },
        { port, host },
      );
      syncServices.push(service);
      return { port: service.port };
    },
    close: () => (closing ??= shutDown()),
    outbox: store.outbox,
    documents: store.documents,
    commands,
    library,
    streams: hub.counts,
    attach: (given) => {
      Object.assign(ports, given);
    },
  };
}

function watchEventLoop(): { seconds: () => number; close: () => void } {
  const everyMs = 500;
  let expected = performance.now() + everyMs;
  let last = 0;
  const timer = setInterval(() => {
    last = Math.max(0, performance.now() - expected) / 1000;
    expected = performance.now() + everyMs;
  }, everyMs);
  timer.unref();
  return { seconds: () => last, close: () => clearInterval(timer) };
}
