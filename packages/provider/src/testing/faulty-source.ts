import type { OpenSource, Source, SourceListener } from "../source/source.ts";

/** What can be wrong with a source. */
export type Fault =
  | { readonly kind: "none" }
  /** Updates arrive late. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** The link is lost: updates are withheld, the last good ruleset answers. */
  | { readonly kind: "stale" }
  /** As `stale`, and every attempt fails with a network error. */
  | { readonly kind: "down" }
  /** As `stale`, and what arrives cannot be parsed. */
  | { readonly kind: "bad" };

/** A source with faults to order, for tests and rehearsals of an application. */
export interface FaultySource extends Source {
  inject(fault: Fault): void;
}

/** Wraps a source. When the fault is taken away, the latest update that was withheld arrives, and the link is as it really is. */
export function faultySource(source: Source): FaultySource {
  let fault: Fault = { kind: "none" };
  const openings = new Set<{ apply: () => void }>();

  return {
    name: `${source.name} with faults`,
    inject: (next) => {
      fault = next;
      for (const opening of openings) opening.apply();
    },
    open: (listener, environment) => {
      const { clock } = environment;
      let withheld: (() => void) | undefined;
      let up: boolean | undefined;
      const withholds = (): boolean => fault.kind !== "none" && fault.kind !== "slow";

      const apply = (): void => {
        const release = withheld;
        if (!withholds()) {
          withheld = undefined;
          release?.();
          if (up !== undefined) listener.link(up);
          return;
        }
        if (fault.kind === "down")
          listener.failure({ kind: "network", message: "injected: the source is down" });
        if (fault.kind === "bad")
          listener.failure({ kind: "invalid-data", message: "injected: the ruleset is broken" });
        listener.link(false);
      };

      const wrapped: SourceListener = {
        update: (update) => {
          // One that is withheld may never arrive, so what the next one touched is not all that differs.
          const { layers, kept, changes } = update;
          const deliver = (): void => listener.update({ layers, kept, changes });
          if (withholds()) withheld = deliver;
          else if (fault.kind === "slow") clock.setTimeout(deliver, fault.delayMs);
          else deliver();
        },
        link: (state) => {
          up = state;
          if (!withholds()) listener.link(state);
        },
        failure: (failure) => listener.failure(failure),
      };
      if (withholds()) apply();
      const inner: OpenSource = source.open(wrapped, environment);
      const opening = { apply };
      openings.add(opening);
      return {
        applied: () => inner.applied(),
        close: () => {
          openings.delete(opening);
          return inner.close();
        },
      };
    },
  };
}
