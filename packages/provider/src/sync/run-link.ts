import type { Clock, Timer } from "./clock.ts";
import type { Failure } from "./failure.ts";
import { initialLinkState, type LinkEffect, type LinkEvent, type LinkPolicy } from "./link-state.ts";
import { moveLink } from "./link-table.ts";

/** How a link reaches its server. Each call returns the function that ends it at once. */
export interface LinkTransport {
  openStream(listener: StreamListener): () => void;
  fetch(listener: FetchListener): () => void;
}

/** What a stream tells. After `failed` nothing else is heard. */
export interface StreamListener {
  readonly opened: () => void;
  readonly activity: () => void;
  readonly behind: () => void;
  readonly hint: (delayMs: number) => void;
  readonly failed: (failure: Failure) => void;
}

/** How a fetch ends: exactly one of the two, once. */
export interface FetchListener {
  readonly received: () => void;
  readonly failed: (failure: Failure) => void;
}

/** What a link tells its owner. */
export interface LinkObserver {
  /** The link became good (`true`) or was lost. Told only on change. */
  link(up: boolean): void;
  failure(failure: Failure, channel: "stream" | "poll"): void;
}

export interface LinkOptions {
  readonly policy: LinkPolicy;
  readonly transport: LinkTransport;
  readonly observer: LinkObserver;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A running link. */
export interface Link {
  /** Asks for a fetch now, within the limits of the regime. */
  refresh(): void;
  /** Ends everything at once; safe to call twice. */
  close(): void;
}

/** Starts a link: the one impure place that feeds events to the table and carries out its effects. */
export function runLink(options: LinkOptions): Link {
  const { policy, transport, observer, clock } = options;
  let state = initialLinkState(policy);
  let timer: Timer | undefined;
  let stream: { end?: () => void } | undefined;
  let fetching: { end?: () => void } | undefined;
  const queue: LinkEvent[] = [];
  let draining = false;

  const stopTimer = (): void => {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
  };
  const dropStream = (): void => {
    const ended = stream;
    stream = undefined;
    ended?.end?.();
  };
  const abortFetch = (): void => {
    const ended = fetching;
    fetching = undefined;
    ended?.end?.();
  };

  // A stream or fetch that was dropped can no longer speak: only the present holder of the slot is heard.
  const openStream = (): void => {
    dropStream();
    const self: { end?: () => void } = {};
    stream = self;
    const hear =
      <T extends readonly unknown[]>(speak: (...args: T) => void) =>
      (...args: T): void => {
        if (stream === self) speak(...args);
      };
    self.end = transport.openStream({
      opened: hear(() => send({ kind: "opened" })),
      activity: hear(() => send({ kind: "activity" })),
      behind: hear(() => send({ kind: "behind" })),
      hint: hear((delayMs: number) => send({ kind: "hint", delayMs })),
      failed: hear((failure: Failure) => {
        observer.failure(failure, "stream");
        send({ kind: "stream-failed", failure });
      }),
    });
    if (stream !== self) self.end();
  };
  const startFetch = (): void => {
    abortFetch();
    const self: { end?: () => void } = {};
    fetching = self;
    self.end = transport.fetch({
      received: () => {
        if (fetching !== self) return;
        fetching = undefined;
        send({ kind: "received" });
      },
      failed: (failure) => {
        if (fetching !== self) return;
        fetching = undefined;
        observer.failure(failure, "poll");
        send({ kind: "fetch-failed", failure });
      },
    });
  };

  const carryOut = (effect: LinkEffect): void => {
    switch (effect.kind) {
      case "open-stream":
        return openStream();
      case "drop-stream":
        return dropStream();
      case "fetch":
        return startFetch();
      case "abort-fetch":
        return abortFetch();
      case "clear-timer":
        return stopTimer();
      case "set-timer":
        stopTimer();
        timer = clock.setTimeout(() => {
          timer = undefined;
          send({ kind: "timer" });
        }, effect.delayMs);
        return undefined;
      case "report":
        return observer.failure(effect.failure, stream === undefined ? "poll" : "stream");
    }
  };

  // Effects may answer at once; their events wait until the present step is complete.
  function send(event: LinkEvent): void {
    queue.push(event);
    if (draining) return;
    draining = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const wasUp = state.up;
      const step = moveLink(state, next, policy, { nowMs: clock.monotonic(), random: options.random() });
      state = step.state;
      for (const effect of step.effects) carryOut(effect);
      if (state.up !== wasUp && state.kind !== "closed") observer.link(state.up);
    }
    draining = false;
  }

  send({ kind: "start" });
  return { refresh: () => send({ kind: "behind" }), close: () => send({ kind: "close" }) };
}
