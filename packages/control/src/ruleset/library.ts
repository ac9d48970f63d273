import { parseRuleset, updateRuleset } from "@flagspan/ruleset";
import type { FlagMetadata, Ruleset } from "@flagspan/ruleset";
import type { FlagChange } from "@flagspan/ruleset/change";

import { ControlError } from "../error.ts";
import type { Store } from "../store/store.ts";
import { patchDocument, readDocument, writeDocument } from "./document.ts";
import type { RulesetDocument, RulesetPatch } from "./document.ts";
import { followKills } from "./kills.ts";
import { createLiveSet, hashText } from "./live-set.ts";
import type { LiveSet } from "./live-set.ts";

/** One step of a live set, in order: `patch` is absent where only a whole ruleset can tell it. */
export interface LiveStep {
  readonly live: LiveSet;
  readonly patch?: string;
}

/** The newest revision of every set in memory, kept in step with the store. */
export interface Library {
  /**
   * The newest revision, read from the store at first; `undefined` where there is no such set. Whoever has seen
   * `atLeast` elsewhere makes this process look at the store before it answers with less.
   */
  get(set: string, atLeast?: number): Promise<LiveSet | undefined>;
  /** The newest revision if it is in memory already. */
  peek(set: string): LiveSet | undefined;
  /** Any past revision's canonical text, checked against its hash. */
  text(set: string, revision: number): Promise<{ text: string; sha256: string } | undefined>;
  /** Puts a revision in force that this process has just committed. */
  accept(step: LiveStep): void;
  /** Reads what other processes committed. */
  refresh(set: string): Promise<void>;
  /** Whether the last contact with the store went well. */
  readonly healthy: boolean;
  close(): void;
}

/** Follows the store; `onStep` hears every revision that came into force here, in order. */
export function createLibrary(store: Store, onStep: (step: LiveStep) => void): Library {
  const live = new Map<string, LiveSet>();
  const loading = new Map<string, Promise<LiveSet | undefined>>();
  const following = new Map<string, Promise<void>>();
  let healthy = true;

  async function load(set: string): Promise<LiveSet | undefined> {
    const stored = await readText(store, set);
    if (stored === undefined) return undefined;
    const document = readDocument(stored.text);
    const kills = followKills(new Map(), await killHistory(store, set));
    const unitSecret = await store.secret(`unit:${set}`);
    const made = createLiveSet({
      set,
      revision: stored.revision,
      document,
      ruleset: parseStored(set, document),
      kills,
      unitSecret,
      text: stored.text,
      sha256: stored.sha256,
    });
    const known = live.get(set);
    if (known !== undefined && known.revision >= made.revision) return known;
    live.set(set, made);
    if (known !== undefined) onStep({ live: made });
    return made;
  }

  async function follow(set: string): Promise<void> {
    const current = live.get(set);
    if (current === undefined) return;
    for (const step of await store.rulesets.stepsAfter(set, current.revision)) {
      const known = live.get(set);
      if (known === undefined || step.revision !== known.revision + 1) continue;
      const next = step.patch === null ? undefined : await replay(store, known, step.patch, step.sha256);
      if (next === undefined) {
        await load(set);
        return;
      }
      if (live.get(set) !== known) continue;
      live.set(set, next);
      onStep({ live: next, patch: step.patch ?? "" });
    }
  }

  async function refresh(set: string): Promise<void> {
    const running = following.get(set) ?? Promise.resolve();
    const mine = running.then(async () => {
      try {
        await follow(set);
        healthy = true;
      } catch {
        healthy = false;
      }
    });
    following.set(set, mine);
    await mine;
    if (following.get(set) === mine) following.delete(set);
  }

  const stop = store.rulesets.onCommit((set) => void refresh(set));
  return {
    async get(set, atLeast = 0) {
      const known = live.get(set);
      if (known !== undefined && known.revision >= atLeast) return known;
      if (known !== undefined) {
        await refresh(set);
        return live.get(set);
      }
      const pending = loading.get(set) ?? load(set).finally(() => loading.delete(set));
      loading.set(set, pending);
      return pending;
    },
    peek: (set) => live.get(set),
    text: (set, revision) => readText(store, set, revision),
    accept(step) {
      const known = live.get(step.live.set);
      if (known !== undefined && known.revision >= step.live.revision) return;
      live.set(step.live.set, step.live);
      onStep(step);
    },
    refresh,
    get healthy() {
      return healthy;
    },
    close: stop,
  };
}

/** Turns a checked document into what evaluates; a stored one that no longer parses is damage, not input. */
export function parseStored(set: string, document: RulesetDocument): Ruleset {
  const parsed = parseRuleset(document);
  if (parsed.ok) return parsed.ruleset;
  const first = parsed.issues[0]?.message ?? "no reason given";
  throw new ControlError("ruleset-unreadable", `the stored ruleset of ${set} does not parse: ${first}`);
}

/** Applies flags to what evaluates, without parsing the untouched ones again. */
export function updateLive(
  ruleset: Ruleset,
  flags: RulesetPatch["flags"],
  metadata: FlagMetadata,
): ReturnType<typeof updateRuleset> {
  return updateRuleset(ruleset, { flags, metadata });
}

async function readText(
  store: Store,
  set: string,
  revision?: number,
): Promise<{ revision: number; text: string; sha256: string } | undefined> {
  const stored = await store.rulesets.load(set, revision);
  if (stored === undefined) return undefined;
  let text = stored.base;
  if (stored.patches.length > 0) {
    let document = readDocument(stored.base);
    for (const step of stored.patches) {
      const patch = JSON.parse(step) as RulesetPatch;
      document = patchDocument(document, patch.flags, patch.to);
    }
    text = writeDocument(document);
  }
  if (hashText(text) !== stored.sha256) {
    throw new ControlError(
      "store-corrupt",
      `revision ${stored.revision} of ${set} does not match its SHA-256; restore the store from a backup`,
    );
  }
  return { revision: stored.revision, text, sha256: stored.sha256 };
}

async function replay(
  store: Store,
  known: LiveSet,
  patchText: string,
  sha256: string,
): Promise<LiveSet | undefined> {
  const patch = JSON.parse(patchText) as RulesetPatch;
  const document = patchDocument(known.document, patch.flags, patch.to);
  const text = writeDocument(document);
  if (hashText(text) !== sha256) return undefined;
  const entries = await Promise.all(patch.changes.map((change) => store.audit.find(change.id)));
  const changes = entries.flatMap((entry) => (entry === undefined ? [] : [entry.change]));
  return createLiveSet({
    set: known.set,
    revision: known.revision + 1,
    document,
    ruleset: updateLive(known.ruleset, patch.flags, document.metadata ?? {}).ruleset,
    kills: followKills(known.kills, changes),
    unitSecret: known.unitSecret,
    text,
    sha256,
  });
}

async function killHistory(store: Store, set: string): Promise<readonly FlagChange[]> {
  return (await store.audit.killedFlags(set)).map((entry) => entry.change);
}
