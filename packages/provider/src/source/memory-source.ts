import { type Issue, parseRuleset } from "@flagspan/ruleset";
import { hashText } from "./ruleset-gate.ts";
import type { Layer, Source, SourceListener } from "./source.ts";

/** A source the application feeds itself. */
export interface MemorySource extends Source {
  /** Replaces the ruleset everywhere it is open; answers what is wrong, and keeps the old one if nothing can be used. */
  set(document: unknown): readonly Issue[];
  /** Says that the link to the truth is lost (`false`) or good again, as a network source would. */
  link(up: boolean): void;
}

/**
 * Creates a source from a flagd document in memory; without one it is not ready until `set` is called. The truth is
 * whatever was set last: revisions have no order here.
 */
export function memorySource(
  document?: unknown,
  options: { readonly name?: string; readonly flagSetId?: string } = {},
): MemorySource {
  const listeners = new Set<SourceListener>();
  const { flagSetId } = options;
  let held: Layer | undefined;

  function tell(listener: SourceListener): void {
    if (held !== undefined) listener.update({ layers: [held], kept: false, changes: [] });
  }

  function set(next: unknown): readonly Issue[] {
    const result = parseRuleset(next);
    if (!result.ok) return result.issues;
    const version = result.ruleset.metadata["version"];
    const revision = version === undefined ? hashText(JSON.stringify(next)).slice(0, 12) : String(version);
    held = {
      ruleset: result.ruleset,
      revision,
      isNamed: false,
      ...(flagSetId === undefined ? {} : { flagSetId }),
    };
    for (const listener of listeners) tell(listener);
    return result.issues;
  }

  if (document !== undefined) set(document);

  return {
    name: options.name ?? "memory",
    set,
    link: (up) => {
      for (const listener of listeners) listener.link(up);
    },
    open: (listener) => {
      listeners.add(listener);
      tell(listener);
      listener.link(true);
      return {
        applied: () => undefined,
        close: () => {
          listeners.delete(listener);
          return Promise.resolve();
        },
      };
    },
  };
}
