import { type Ruleset, updateRuleset } from "@flagspan/ruleset";
import type { Layer } from "../source/source.ts";
import { type ContextIds, createContextIds } from "./context-id.ts";

/** One layer ready to answer: its metadata names set and version, and units can be named if their secret is known. */
interface ServedLayer {
  readonly ruleset: Ruleset;
  readonly contextIds: ContextIds | undefined;
}

/** What a provider answers from. Immutable: a request that pinned it sees no later one. */
export interface Served {
  readonly layers: readonly ServedLayer[];
  /** The only layer, where there is one: the usual case, kept at hand. */
  readonly single: ServedLayer | undefined;
  readonly revision: string;
}

/** Makes layers ready to answer; what is unchanged since `before` keeps its caches. */
export function serveLayers(layers: readonly Layer[], names: Map<string, ContextIds>): Served {
  const served = layers.map((layer): ServedLayer => ({
    ruleset: nameRuleset(layer),
    contextIds: layer.unitSecret === undefined ? undefined : namesFor(layer.unitSecret, names),
  }));
  return {
    layers: served,
    single: served.length === 1 ? served[0] : undefined,
    revision: layers.map((layer) => layer.revision).join("+"),
  };
}

function namesFor(unitSecret: Uint8Array, names: Map<string, ContextIds>): ContextIds {
  const secret = Buffer.from(unitSecret).toString("base64url");
  const known = names.get(secret) ?? createContextIds(unitSecret);
  names.set(secret, known);
  return known;
}

function nameRuleset({ ruleset, revision, flagSetId, isNamed }: Layer): Ruleset {
  const { metadata } = ruleset;
  const version = metadata["version"] ?? (isNamed === false ? undefined : revision);
  const set = metadata["flagSetId"] ?? flagSetId;
  if (metadata["version"] === version && metadata["flagSetId"] === set) return ruleset;
  const named = {
    ...metadata,
    ...(version === undefined ? {} : { version }),
    ...(set === undefined ? {} : { flagSetId: set }),
  };
  return updateRuleset(ruleset, { flags: {}, metadata: named }).ruleset;
}

/** Finds the layer that decides about a flag: the last that knows it, else the last of all. */
export function findLayer(served: Served, flagKey: string): ServedLayer | undefined {
  for (let index = served.layers.length - 1; index >= 0; index--) {
    const layer = served.layers[index];
    if (layer !== undefined && (layer.ruleset.flags.has(flagKey) || layer.ruleset.quarantined.has(flagKey)))
      return layer;
  }
  return served.layers.at(-1);
}
