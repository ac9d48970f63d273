import { createBridge, otlpSink, type Bridge, type Sink } from "@flagspan/bridge";
import { createWebhookIntake } from "@flagspan/bridge/webhooks";
import {
  createControl,
  createKey,
  type Anonymous,
  type Control,
  type OtlpIntake,
  type Store,
} from "@flagspan/control";
import {
  createControlClient,
  createGuard,
  createPrometheusClient,
  type Guard,
  type InboundAlert,
} from "@flagspan/guard";
import { createFastLaneIntake } from "./intake.ts";
import type { HouseConfiguration } from "./configuration.ts";
import { toNotification } from "./notification.ts";

/** Control with the bridge and the guard wired in: what `flagspan serve` and `flagspan dev` run. */
export interface House {
  readonly control: Control;
  readonly bridge: Bridge;
  readonly guard: Guard;
  /** Stops the guard, then the bridge, then control; the store last. */
  close(): Promise<void>;
}

/** What a house is made of. */
export interface HouseOptions {
  readonly store: Store;
  readonly instance: string;
  readonly configuration: HouseConfiguration;
  /** Who may see the page at `/`: anybody (`open`), or only holders of an admin key. */
  readonly pages: "open" | "admin";
  /** What somebody without a key may do; nothing, unless this is `flagspan dev`. */
  readonly anonymous?: Anonymous;
  /** Takes one line for people: what the guard tells, and what went wrong inside. */
  readonly log: (line: string) => void;
  /** Called with each OTLP payload that is not the guard's; `flagspan dev` counts them. */
  readonly onTelemetry?: (signal: "logs" | "traces" | "metrics", records: number) => void;
}

/**
 * Composes one process: control's audit log is the bridge's outbox, what the guard tells goes through the bridge's sinks, the guard decides rollouts from the outcome events that reach
 * `/v1/logs`, and acts through control's own API with a key of scopes `write` and `kill`.
 */
export async function composeHouse(options: HouseOptions): Promise<House> {
  const { store, configuration } = options;
  const guardKey = await createKey(store, {
    name: `guard@${options.instance}`,
    scopes: ["sync", "write", "kill", "admin"],
    sets: ["*"],
    actorType: "automation",
  });
  // Control needs the guard as its decider and the guard needs control's API and the bridge: those are reached through late references.
  const late: { control?: Control; bridge?: Bridge } = {};
  const guard = createGuard({
    documents: store.documents,
    notify: (notice) => {
      options.log(`guard: ${notice.flagSetId}/${notice.flagKey} ${notice.topic}: ${notice.message}`);
      void late.bridge?.notify(toNotification(notice));
    },
    ...(configuration.prometheusUrl === undefined
      ? {}
      : { prometheus: createPrometheusClient({ baseUrl: configuration.prometheusUrl }) }),
    owner: options.instance,
    control: createControlClient({
      baseUrl: "http://control.internal",
      key: guardKey.token,
      fetch: (input, init) => {
        if (late.control === undefined) throw new Error("control is not up yet");
        return late.control.fetch(new Request(input, init));
      },
    }),
  });
  const otlp: OtlpIntake = createFastLaneIntake(guard, options.onTelemetry);
  const control = createControl({
    store,
    instance: options.instance,
    otlp,
    webhooks: createWebhookIntake({ vendors: configuration.webhooks, documents: store.documents }),
    decider: guard.decider,
    onError: (error) =>
      options.log(`control: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    onAlerts: (alerts) => guard.observeAlerts(alerts as readonly InboundAlert[]),
    cors: { origins: configuration.cors },
    pages: options.pages,
    ...(options.anonymous === undefined ? {} : { anonymous: options.anonymous }),
  });
  late.control = control;
  const sinks: Sink[] =
    configuration.otlpEndpoint === undefined
      ? []
      : [
          otlpSink({
            endpoint: configuration.otlpEndpoint,
            headers: configuration.otlpHeaders,
            resource: configuration.resource,
          }),
        ];
  const bridge = createBridge({
    outbox: control.outbox,
    documents: store.documents,
    sinks: [...sinks, ...configuration.sinks],
    owner: options.instance,
  });
  late.bridge = bridge;
  bridge.start();
  guard.start();
  return {
    control,
    bridge,
    guard,
    async close(): Promise<void> {
      await guard.stop();
      await bridge.stop();
      await control.close();
      await store.keys.revoke(guardKey.id, new Date().toISOString());
    },
  };
}
