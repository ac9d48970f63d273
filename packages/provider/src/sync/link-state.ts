import type { BackoffPolicy } from "./backoff.ts";
import type { Failure } from "./failure.ts";

/** How a link behaves. Only the time between fetches may change in its life, with what is held. */
export interface LinkPolicy {
  readonly backoff: BackoffPolicy;
  /** Whether there is a stream to hold at all; without one the link only polls. */
  readonly streams: boolean;
  /** Whether a fetch precedes every stream (OFREP: the stream's address comes with the bulk answer). */
  readonly fetchFirst: boolean;
  /** Time between fetches while no stream is open; `null` fetches only when something asks for it. */
  readonly pollIntervalMs: number | null;
  /** Longest silence on an open stream: three heartbeats of 15 s. */
  readonly idleMs: number;
  /** Longest wait for a stream to open. */
  readonly connectMs: number;
  /** Longest fetch, body included. */
  readonly fetchMs: number;
  /** A stream that lived this long was healthy: its next failure counts as the first. */
  readonly healthyMs: number;
}

/** What is remembered about one of the two ways to the server. */
export interface Channel {
  /** Failures in a row. */
  readonly failures: number;
  /** Whether the extended regime holds. */
  readonly extended: boolean;
  /** Successes in a row. */
  readonly successes: number;
  /** Monotonic time before which it is not tried; `Infinity` for never. */
  readonly dueMs: number;
}

export type LinkStateKind =
  | "idle"
  | "connecting"
  | "streaming"
  | "catching-up"
  | "fetching"
  | "waiting"
  | "closed";

/** The whole memory of a link. */
export interface LinkState {
  readonly kind: LinkStateKind;
  readonly stream: Channel;
  readonly poll: Channel;
  /** When the present stream opened. */
  readonly openedMs: number;
  /** First delay of the stream, as configured or as the server's `retry:` asked. */
  readonly streamBaseMs: number;
  /** Another fetch was asked for while one was running. */
  readonly again: boolean;
  /** Whether the last thing heard from the server was good. */
  readonly up: boolean;
}

/** What can happen to a link. */
export type LinkEvent =
  | { readonly kind: "start" }
  /** The stream answered 200 with the right content type. */
  | { readonly kind: "opened" }
  /** Any bytes arrived on the stream, a heartbeat included. */
  | { readonly kind: "activity" }
  /** A fetch ended well, "not modified" included. */
  | { readonly kind: "received" }
  /** What is held is known to be behind: a patch does not fit, a refetch was asked for, a page became visible. */
  | { readonly kind: "behind" }
  | { readonly kind: "stream-failed"; readonly failure: Failure }
  | { readonly kind: "fetch-failed"; readonly failure: Failure }
  /** The server's `retry:`. */
  | { readonly kind: "hint"; readonly delayMs: number }
  | { readonly kind: "timer" }
  | { readonly kind: "close" };

/** What the runner must do. There is one timer; setting it replaces it. */
export type LinkEffect =
  | { readonly kind: "open-stream" }
  | { readonly kind: "drop-stream" }
  | { readonly kind: "fetch" }
  | { readonly kind: "abort-fetch" }
  | { readonly kind: "set-timer"; readonly delayMs: number }
  | { readonly kind: "clear-timer" }
  /** The machine itself found a failure (a deadline passed). */
  | { readonly kind: "report"; readonly failure: Failure };

/** The state after an event and what follows from it, in order. */
export interface LinkStep {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

/** Time and chance, given to a transition as plain numbers. `random` is in [0, 1). */
export interface LinkMoment {
  readonly nowMs: number;
  readonly random: number;
}

const unused: Channel = { failures: 0, extended: false, successes: 0, dueMs: 0 };

/** The state of a link that has not started. */
export function initialLinkState(policy: LinkPolicy): LinkState {
  return {
    kind: "idle",
    stream: policy.streams ? unused : { ...unused, dueMs: Infinity },
    poll: unused,
    openedMs: 0,
    streamBaseMs: policy.backoff.baseMs,
    again: false,
    up: false,
  };
}
