import type { Announcement } from "../sync/availability.ts";
import type { Clock } from "../sync/clock.ts";
import { type Failure, isExtended } from "../sync/failure.ts";
import { runAvailability } from "../sync/run-availability.ts";
import { listChangedFlags } from "../source/changed-flags.ts";
import type { Layer, OpenSource, Source, SourceUpdate } from "../source/source.ts";
import type { ContextIds } from "./context-id.ts";
import { createSyncTelemetry } from "./observe/sync-telemetry.ts";
import { serveLayers, type Served } from "./served.ts";

/** What a session tells its provider, in the order in which it happens. */
export interface SessionObserver {
  /** Evaluations answer from this now; told before anything else about it. */
  swapped(served: Served): void;
  announce(what: Announcement, message: string): void;
  changed(flags: readonly string[], served: Served): void;
}

export interface SessionOptions {
  readonly source: Source;
  readonly clock: Clock;
  readonly random: () => number;
  readonly instance: string;
  readonly initTimeoutMs: number;
  readonly staleAfterMs: number;
  readonly errorAfterMs: number;
}

/** One life of a provider, from `initialize` to `onClose`. */
export interface Session {
  close(): Promise<void>;
}

/** Starts following the source: swaps rulesets, watches freshness, reports. */
export function startSession(options: SessionOptions, observer: SessionObserver): Session {
  const { clock, instance } = options;
  const telemetry = createSyncTelemetry(instance, clock);
  const names = new Map<string, ContextIds>();
  let layers: readonly Layer[] = [];
  let served: Served | undefined;
  let lastFailure: Failure | undefined;
  let closed = false;

  const availability = runAvailability(
    { init: options.initTimeoutMs, grace: options.staleAfterMs, error: options.errorAfterMs },
    clock,
    (what) => observer.announce(what, describe(what)),
  );

  function describe(what: Announcement): string {
    const why = lastFailure === undefined ? "nothing was received" : lastFailure.message;
    const held = `the last good ruleset (revision ${served?.revision ?? "none"}) keeps answering: ${why}`;
    const messages: Readonly<Record<Announcement, string>> = {
      ready: `flags come from ${options.source.name}`,
      stale: held,
      error:
        served === undefined
          ? `no ruleset within ${options.initTimeoutMs} ms, defaults are answered and sync goes on: ${why}`
          : held,
      fatal: `the credentials were refused, defaults are answered and sync goes on slowly: ${why}`,
    };
    return messages[what];
  }

  function take(update: SourceUpdate): void {
    const first = served === undefined;
    const before = layers;
    layers = update.layers;
    served = serveLayers(layers, names);
    observer.swapped(served);
    const changed = first ? [] : listChangedFlags(before, layers, update.touched);
    telemetry.applied(update);
    availability.send(update.kept ? "kept" : "live");
    if (changed.length > 0) observer.changed(changed, served);
    opened?.applied();
  }

  let opened: OpenSource | undefined;
  const open = (): OpenSource =>
    options.source.open(
      {
        update: (update) => {
          if (!closed) take(update);
        },
        link: (up) => {
          if (closed) return;
          telemetry.link(up);
          availability.send(up ? "link-good" : "link-lost");
        },
        failure: (failure) => {
          if (closed) return;
          if (failure.kind !== "disk") lastFailure = failure;
          telemetry.failed(failure);
          if (served === undefined && isRefusal(failure)) availability.send("refused");
        },
      },
      { clock, random: options.random, instance },
    );
  opened = open();
  // A source may deliver while it opens; what it delivered then is acknowledged now.
  if (served !== undefined) opened.applied();

  return {
    close: async () => {
      closed = true;
      availability.send("close");
      telemetry.close();
      await opened?.close();
    },
  };
}

/** 401 and 403 mean the key; the rest of the extended regime may be an intermediary. */
function isRefusal(failure: Failure): boolean {
  return isExtended(failure) && (failure.status === 401 || failure.status === 403);
}
