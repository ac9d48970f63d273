import type { LiveStep } from "../ruleset/library.ts";
import type { LiveSet } from "../ruleset/live-set.ts";
import { encodePatch, encodeRefetch, encodeSnapshot, PING } from "./events.ts";

/** Where a client's bytes go: a node socket, or a web stream. */
export interface EventSink {
  /** Queues bytes; the buffer is shared and must not be altered. */
  write(bytes: Buffer): void;
  /** Bytes queued and not yet taken by the network. */
  readonly pendingBytes: number;
  /** Sends last bytes and ends the connection in good order. */
  end(bytes?: Buffer): void;
  /** Cuts the connection. */
  destroy(): void;
}

/** What a client listens for: the ruleset itself, or only that it changed. */
export type StreamKind = "ruleset" | "refetch";

/** Figures of the hub since it started; nothing falls off uncounted. */
export interface HubCounts {
  readonly clients: number;
  readonly accepted: number;
  /** Turned away at the door with 503. */
  readonly rejected: number;
  /** Cut because they read too slowly. */
  readonly dropped: number;
}

/** Holds the streams and fans events out. */
export interface StreamHub {
  /** Seconds to wait before trying again, or 0 when a new stream may come in now. */
  admit(): number;
  /** Adds a client; it gets what it lacks at once. `close` is to be called when its connection ends. */
  attach(client: {
    readonly sink: EventSink;
    readonly kind: StreamKind;
    readonly live: LiveSet;
    readonly lastEventId?: string;
  }): { close(): void };
  /** Tells every client of the set about a revision. Answers how many were told. */
  publish(step: LiveStep): number;
  readonly counts: HubCounts;
  /** Asks all clients to come back later, spread over time, and ends them in batches. */
  close(drainMs: number): Promise<void>;
}

/** What the hub is made of. */
export interface HubOptions {
  readonly maxClients: number;
  readonly connectsPerSecond: number;
  readonly queueBytes: number;
  readonly now: () => number;
  readonly random: () => number;
}

const HEARTBEAT_MS = 15_000;
/** Clients are pinged in this many groups, one after the other, so that no tick writes to all of them. */
const HEARTBEAT_GROUPS = 15;
/** Steps kept per set for clients that come back; older ones get a snapshot. */
const KEPT_STEPS = 256;
const KEPT_BYTES = 4 << 20;
/** A stream lives this long, ±20 %: behind a proxy a dead client may look alive for ever. */
const MAX_AGE_MS = 45 * 60_000;

interface Client {
  readonly sink: EventSink;
  readonly kind: StreamKind;
  readonly channel: Channel;
  readonly endsAt: number;
  /** Its first bytes may be a snapshot larger than the queue limit. */
  readonly allowance: number;
}

interface Channel {
  readonly clients: Set<Client>;
  live: LiveSet;
  /** Patches that lead to `live`, oldest first, without a gap. */
  steps: { readonly from: number; readonly bytes: Buffer }[];
  keptBytes: number;
  snapshot: Buffer | undefined;
}

/** Creates a hub with one timer for everything. */
export function createStreamHub(options: HubOptions): StreamHub {
  const { now, random } = options;
  const channels = new Map<string, Channel>();
  const groups: Set<Client>[] = Array.from({ length: HEARTBEAT_GROUPS }, () => new Set());
  const counts = { clients: 0, accepted: 0, rejected: 0, dropped: 0 };
  let nextGroup = 0;
  let tokens = options.connectsPerSecond;
  let tokensAt = now();
  let closed = false;

  const timer = setInterval(
    () => beat(groups[(nextGroup = (nextGroup + 1) % HEARTBEAT_GROUPS)]),
    HEARTBEAT_MS / HEARTBEAT_GROUPS,
  );
  timer.unref();

  function beat(group: Set<Client> | undefined): void {
    const nowMs = now();
    for (const client of group ?? []) {
      if (nowMs >= client.endsAt) client.sink.end(retryLine());
      else send(client, PING);
    }
  }

  function retryLine(): Buffer {
    return Buffer.from(`retry: ${500 + Math.floor(random() * 4500)}\n\n`);
  }

  function send(client: Client, bytes: Buffer): boolean {
    if (client.sink.pendingBytes > options.queueBytes + client.allowance) {
      counts.dropped += 1;
      remove(client);
      client.sink.destroy();
      return false;
    }
    client.sink.write(bytes);
    return true;
  }

  function remove(client: Client): void {
    if (!client.channel.clients.delete(client)) return;
    for (const group of groups) if (group.delete(client)) break;
    counts.clients -= 1;
  }

  function channelOf(live: LiveSet): Channel {
    const known = channels.get(live.set);
    if (known !== undefined) return known;
    const made: Channel = { clients: new Set(), live, steps: [], keptBytes: 0, snapshot: undefined };
    channels.set(live.set, made);
    return made;
  }

  function opening(channel: Channel, kind: StreamKind, lastEventId: string | undefined): Buffer {
    if (kind === "refetch") {
      return lastEventId === undefined || lastEventId === String(channel.live.revision)
        ? PING
        : encodeRefetch(channel.live);
    }
    const held = /^[1-9][0-9]{0,15}$/.test(lastEventId ?? "") ? Number(lastEventId) : undefined;
    if (held === channel.live.revision) return PING;
    const start = held === undefined ? -1 : channel.steps.findIndex((step) => step.from === held);
    if (start !== -1) return Buffer.concat(channel.steps.slice(start).map((step) => step.bytes));
    channel.snapshot ??= encodeSnapshot(channel.live);
    return channel.snapshot;
  }

  return {
    admit() {
      const nowMs = now();
      tokens = Math.min(
        options.connectsPerSecond,
        tokens + (Math.max(0, nowMs - tokensAt) / 1000) * options.connectsPerSecond,
      );
      tokensAt = nowMs;
      if (!closed && tokens >= 1 && counts.clients < options.maxClients) {
        tokens -= 1;
        return 0;
      }
      counts.rejected += 1;
      return 1 + Math.floor(random() * 4);
    },
    attach({ sink, kind, live, lastEventId }) {
      const channel = channelOf(live);
      if (live.revision > channel.live.revision) advance(channel, { live });
      const first = opening(channel, kind, lastEventId);
      const client: Client = {
        sink,
        kind,
        channel,
        endsAt: now() + MAX_AGE_MS * (0.8 + random() * 0.4),
        allowance: first.length > options.queueBytes ? first.length : 0,
      };
      channel.clients.add(client);
      groups[Math.floor(random() * HEARTBEAT_GROUPS)]?.add(client);
      counts.clients += 1;
      counts.accepted += 1;
      sink.write(retryLine());
      sink.write(first);
      return { close: () => remove(client) };
    },
    publish(step) {
      const channel = channels.get(step.live.set);
      if (channel === undefined || step.live.revision <= channel.live.revision) return 0;
      const bytes = advance(channel, step);
      const refetch = encodeRefetch(step.live);
      let told = 0;
      for (const client of channel.clients) {
        if (send(client, client.kind === "ruleset" ? bytes : refetch)) told += 1;
      }
      return told;
    },
    counts,
    async close(drainMs) {
      closed = true;
      clearInterval(timer);
      const clients = [...channels.values()].flatMap((channel) => [...channel.clients]);
      const batches = Math.min(20, Math.max(1, Math.ceil(clients.length / 500)));
      for (let batch = 0; batch < batches; batch += 1) {
        for (let index = batch; index < clients.length; index += batches) {
          const client = clients[index];
          if (client === undefined) continue;
          remove(client);
          client.sink.end(Buffer.concat([retryLine(), Buffer.from("event: goodbye\ndata: {}\n\n")]));
        }
        if (batch + 1 < batches) await new Promise((resolve) => setTimeout(resolve, drainMs / batches));
      }
    },
  };
}

/** Moves a channel to the next revision and answers the bytes that say so. */
function advance(channel: Channel, step: LiveStep): Buffer {
  const follows = step.live.revision === channel.live.revision + 1;
  channel.live = step.live;
  channel.snapshot = undefined;
  if (step.patch === undefined || !follows) {
    channel.steps = [];
    channel.keptBytes = 0;
    channel.snapshot = encodeSnapshot(step.live);
    return channel.snapshot;
  }
  const bytes = encodePatch(step.live, step.patch);
  channel.steps.push({ from: step.live.revision - 1, bytes });
  channel.keptBytes += bytes.length;
  while (channel.steps.length > KEPT_STEPS || channel.keptBytes > KEPT_BYTES) {
    channel.keptBytes -= channel.steps.shift()?.bytes.length ?? 0;
  }
  return bytes;
}
