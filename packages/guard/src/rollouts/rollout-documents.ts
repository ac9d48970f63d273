import type { FlagDefinition } from "@flagspan/ruleset";
import { isOver } from "../life/transitions.ts";
import type { DocumentStore } from "./document-store.ts";
import type { DecisionEntry, RolloutRecord, UnitEntry } from "./rollout-record.ts";

/** A record with the version its next write must name. */
export interface StoredRollout {
  readonly version: number;
  readonly record: RolloutRecord;
}

interface IndexEntry {
  readonly id: string;
  readonly set: string;
  readonly flag: string;
  readonly over: boolean;
}

const indexKind = "rollout-index";
const indexId = "all";
const pageSize = 500;

/**
 * The guard's memory in a document store: one document per rollout, one small index over them (finished rollouts are not read again every second), a
 * log of decisions, and per run a log of the units seen.
 */
export class RolloutDocuments {
  readonly #documents: DocumentStore;

  constructor(documents: DocumentStore) {
    this.#documents = documents;
  }

  /** Ids of the rollouts that are not over, or of all. */
  async ids(which: "live" | "all"): Promise<readonly string[]> {
    const { entries } = await this.#index();
    return entries.filter((entry) => which === "all" || !entry.over).map((entry) => entry.id);
  }

  /** The rollout of a flag that is not over, by its id. */
  async findLive(set: string, flag: string): Promise<string | undefined> {
    const { entries } = await this.#index();
    return entries.find((entry) => !entry.over && entry.set === set && entry.flag === flag)?.id;
  }

  async get(id: string): Promise<StoredRollout | undefined> {
    const [stored] = await this.#documents.list(`rollout:${id}`);
    return stored === undefined
      ? undefined
      : { version: stored.version, record: stored.body as RolloutRecord };
  }

  /** The flag as it was before this rollout, if that is over. */
  async baseOf(id: string): Promise<FlagDefinition | undefined> {
    const record = (await this.get(id))?.record;
    return record !== undefined && isOver(record.state.status) ? record.base : undefined;
  }

  /** Stores a new rollout; `taken` if its flag already has a live one, whose id is returned with it. */
  async create(
    record: RolloutRecord,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly taken: string }> {
    for (;;) {
      const { version, entries } = await this.#index();
      const live = entries.find(
        (entry) => !entry.over && entry.set === record.plan.flagSetId && entry.flag === record.plan.flagKey,
      );
      const same = entries.find((entry) => entry.id === record.id);
      if (same !== undefined || (live !== undefined && !record.plan.dryRun))
        return { ok: false, taken: (same ?? live)?.id ?? record.id };
      // The document first: an index entry always leads somewhere.
      await this.#documents.put(`rollout:${record.id}`, record.id, record, null);
      const entry: IndexEntry = {
        id: record.id,
        set: record.plan.flagSetId,
        flag: record.plan.flagKey,
        over: false,
      };
      const written = await this.#documents.put(
        indexKind,
        indexId,
        { entries: [...entries, entry] },
        version,
      );
      if (written !== "conflict") return { ok: true };
    }
  }

  /** Writes a record if nobody else did since `version`; answers the new version. */
  async save(record: RolloutRecord, version: number): Promise<number | "conflict"> {
    return this.#documents.put(`rollout:${record.id}`, record.id, record, version);
  }

  /** Takes a finished rollout out of the list of live ones. */
  async close(id: string): Promise<void> {
    for (;;) {
      const { version, entries } = await this.#index();
      const closed = entries.map((entry) => (entry.id === id ? { ...entry, over: true } : entry));
      if ((await this.#documents.put(indexKind, indexId, { entries: closed }, version)) !== "conflict")
        return;
    }
  }

  async appendDecision(id: string, entry: DecisionEntry): Promise<void> {
    await this.#documents.append("rollout-decisions", id, entry);
  }

  async decisions(id: string): Promise<readonly DecisionEntry[]> {
    const all: DecisionEntry[] = [];
    for (let after = 0; ;) {
      const page = await this.#documents.read("rollout-decisions", id, after, pageSize);
      all.push(...page.map((entry) => entry.body as DecisionEntry));
      if (page.length < pageSize) return all;
      after = page.at(-1)?.seq ?? after;
    }
  }

  async appendUnits(id: string, run: number, entry: UnitEntry): Promise<void> {
    await this.#documents.append("rollout-units", `${id}.r${run + 1}`, entry);
  }

  /** Reads the units of a run after a cursor; hands each entry to `take` and answers the new cursor. */
  async readUnits(id: string, run: number, after: number, take: (entry: UnitEntry) => void): Promise<number> {
    for (let cursor = after; ;) {
      const page = await this.#documents.read("rollout-units", `${id}.r${run + 1}`, cursor, pageSize);
      for (const entry of page) take(entry.body as UnitEntry);
      cursor = page.at(-1)?.seq ?? cursor;
      if (page.length < pageSize) return cursor;
    }
  }

  /** Takes or renews the right to decide; answers its fencing token. */
  async lead(owner: string, ttlMs: number): Promise<number | undefined> {
    return this.#documents.acquireLease("guard", owner, ttlMs);
  }

  async #index(): Promise<{ version: number | null; entries: readonly IndexEntry[] }> {
    const stored = (await this.#documents.list(indexKind)).find((entry) => entry.id === indexId);
    if (stored === undefined) return { version: null, entries: [] };
    return { version: stored.version, entries: (stored.body as { entries: readonly IndexEntry[] }).entries };
  }
}
