import type { OpenSource, Source, SourceEnvironment, SourceListener, SourceUpdate } from "./source.ts";

interface Part {
  latest: SourceUpdate | undefined;
  /** It has delivered or failed once: nobody waits for it any more. */
  settled: boolean;
  up: boolean;
}

/**
 * Merges sources by priority: where two define a flag, the later one wins, as in flagd. Each flag keeps the set name,
 * version and metadata of the source it came from.
 *
 * The first answer waits until each source has delivered or failed once; from then on every update counts at once. The
 * link is good while all are good. A source that fails keeps contributing its last good ruleset.
 */
export function mergedSource(sources: readonly Source[]): Source {
  function open(listener: SourceListener, environment: SourceEnvironment): OpenSource {
    const parts: readonly Part[] = sources.map(() => ({ latest: undefined, settled: false, up: false }));
    let told: boolean | undefined;
    function publish(changes: SourceUpdate["changes"], touched?: readonly string[]): void {
      if (!parts.every((part) => part.settled)) return;
      const updates = parts.flatMap((part) => (part.latest === undefined ? [] : [part.latest]));
      if (updates.length === 0) return;
      listener.update({
        layers: updates.flatMap((update) => update.layers),
        kept: updates.every((update) => update.kept),
        changes,
        ...(touched === undefined ? {} : { touched }),
      });
    }

    function publishLink(): void {
      const up = parts.every((part) => part.up);
      if (up !== told) listener.link(up);
      told = up;
    }

    const children = sources.map((source, index) => {
      const part = parts[index];
      if (part === undefined) throw new RangeError("every source has its part");
      return source.open(
        {
          update: (update) => {
            part.latest = update;
            part.settled = true;
            publish(update.changes, update.touched);
          },
          link: (up) => {
            part.up = up;
            publishLink();
          },
          failure: (failure) => {
            listener.failure(failure);
            if (part.settled) return;
            part.settled = true;
            publish([]);
          },
        },
        environment,
      );
    });

    return {
      applied: () => {
        for (const child of children) child.applied();
      },
      close: async () => {
        await Promise.all(children.map((child) => child.close()));
      },
    };
  }

  return { name: `merged (${sources.map((source) => source.name).join(", ")})`, open };
}
