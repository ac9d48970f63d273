import { createHash, randomUUID } from "node:crypto";

import { parseRuleset } from "@flagspan/ruleset";
import type { Issue, JsonValue, Ruleset } from "@flagspan/ruleset";
import { diffRulesets, summarizeFlag } from "@flagspan/ruleset/change";
import type { FlagChange, FlagChangeAction } from "@flagspan/ruleset/change";

import { patchDocument, stampDocument, writeDocument } from "../ruleset/document.ts";
import type { RulesetDocument, RulesetPatch } from "../ruleset/document.ts";
import { followKills } from "../ruleset/kills.ts";
import { updateLive } from "../ruleset/library.ts";
import type { Library } from "../ruleset/library.ts";
import { createLiveSet, hashText } from "../ruleset/live-set.ts";
import type { LiveSet } from "../ruleset/live-set.ts";
import type { Store } from "../store/store.ts";
import type { CommandContext } from "./actor.ts";
import { refuse } from "./answer.ts";
import type { CommandAnswer, Refusal } from "./answer.ts";

/** What a command wants a set to become. */
export type Intent =
  | {
      readonly kind: "flags";
      readonly flags: Readonly<Record<string, JsonValue>>;
      /** Told as this action, even where the definition stays the same: killing what is off already latches it. */
      readonly action?: FlagChangeAction;
      readonly segments?: readonly string[];
    }
  | { readonly kind: "document"; readonly document: RulesetDocument };

/** Looks at the set as it is now and decides. It runs again when another process wrote in between. */
export type Plan = (live: LiveSet | undefined) => Intent | Refusal | Promise<Intent | Refusal>;

/** Runs commands against sets, one at a time per set, each as one durable transaction. */
export interface Writer {
  write(set: string, context: CommandContext, plan: Plan): Promise<CommandAnswer>;
}

/** Every this many revisions the whole text is stored, so that a start replays few patches. */
const WHOLE_EVERY = 64;
const ATTEMPTS = 8;

/** Creates the one path by which rulesets change. */
export function createWriter(
  store: Store,
  library: Library,
  now: () => number,
  onCommitted: (set: string, seconds: number) => void = () => {},
): Writer {
  const queues = new Map<string, Promise<unknown>>();

  async function attempt(set: string, context: CommandContext, plan: Plan): Promise<CommandAnswer | "again"> {
    const live = await library.get(set, context.ifMatch);
    const repeated = await findRepeated(store, context, live);
    if (repeated !== undefined) return repeated;
    if (context.ifMatch !== undefined && context.ifMatch !== (live?.revision ?? 0)) {
      return refuse(
        412,
        `${set} is at revision ${live?.revision ?? 0}, not ${context.ifMatch}: read it again`,
      );
    }
    const intent = await plan(live);
    if ("ok" in intent) return intent;
    const next = await build(set, live, intent, store, context.tolerant === true);
    if ("ok" in next) return next;
    const changes = tellChanges(set, live, next, intent, context, now());
    if (changes.length === 0 && live !== undefined && sameEvaluators(live, next.document)) {
      return { ok: true, live, changes };
    }
    const startedMs = performance.now();
    const answer = await commit(store, library, live, next, changes, now());
    onCommitted(set, (performance.now() - startedMs) / 1000);
    return answer;
  }

  return {
    async write(set, context, plan) {
      const before = queues.get(set) ?? Promise.resolve();
      const mine = before.then(async () => {
        for (let tries = 0; tries < ATTEMPTS; tries += 1) {
          const answer = await attempt(set, context, plan);
          if (answer !== "again") return answer;
          await library.refresh(set);
        }
        return refuse(
          409,
          `${set} is being written by others faster than this write could follow; try again`,
        );
      });
      const settled = mine.then(
        () => undefined,
        () => undefined,
      );
      queues.set(set, settled);
      void settled.then(() => {
        if (queues.get(set) === settled) queues.delete(set);
      });
      return mine;
    },
  };
}

interface Next {
  readonly set: string;
  readonly revision: number;
  readonly document: RulesetDocument;
  readonly ruleset: Ruleset;
  readonly unitSecret: Uint8Array;
  /** Present where the step can be told as a patch. */
  readonly flags?: Readonly<Record<string, JsonValue>>;
}

async function build(
  set: string,
  live: LiveSet | undefined,
  intent: Intent,
  store: Store,
  tolerant: boolean,
): Promise<Next | Refusal> {
  const revision = (live?.revision ?? 0) + 1;
  const unitSecret = live?.unitSecret ?? (await store.secret(`unit:${set}`));
  if (intent.kind === "flags" && live !== undefined) {
    const document = patchDocument(live.document, intent.flags, String(revision));
    const { ruleset, issues } = updateLive(live.ruleset, intent.flags, document.metadata ?? {});
    const mine = errorsOf(issues).filter(
      (issue) => issue.flagKey === undefined || issue.flagKey in intent.flags,
    );
    if (!tolerant && mine.length > 0)
      return refuse(422, "the flag is not a valid flag definition", { issues: mine });
    return { set, revision, document, ruleset, unitSecret, flags: intent.flags };
  }
  const given: RulesetDocument =
    intent.kind === "flags" ? { flags: withoutNulls(intent.flags) } : intent.document;
  const document = stampDocument(given, set, revision);
  const parsed = parseRuleset(document);
  if (!parsed.ok || (!tolerant && errorsOf(parsed.issues).length > 0)) {
    return refuse(422, "the ruleset is not valid; nothing was changed", { issues: parsed.issues });
  }
  return { set, revision, document, ruleset: parsed.ruleset, unitSecret };
}

function errorsOf(issues: readonly Issue[]): readonly Issue[] {
  return issues.filter((issue) => issue.severity === "error");
}

function withoutNulls(flags: Readonly<Record<string, JsonValue>>): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(flags).filter(([, definition]) => definition !== null));
}

function sameEvaluators(live: LiveSet, document: RulesetDocument): boolean {
  const plain = (given: RulesetDocument): string =>
    JSON.stringify([given.$evaluators ?? {}, { ...given.metadata, version: "" }]);
  return plain(live.document) === plain(document);
}

function tellChanges(
  set: string,
  live: LiveSet | undefined,
  next: Next,
  intent: Intent,
  context: CommandContext,
  nowMs: number,
): readonly FlagChange[] {
  const before = live?.ruleset ?? emptyRuleset();
  const touched = next.flags === undefined ? undefined : Object.keys(next.flags);
  const forced = intent.kind === "flags" && intent.action !== undefined ? intent : undefined;
  const told =
    forced === undefined
      ? diffRulesets(narrow(before, touched), narrow(next.ruleset, touched))
      : Object.keys(forced.flags).map((flagKey) => ({
          flagKey,
          action: forced.action ?? "updated",
          segments: forced.segments ?? [],
        }));
  return told.map(({ flagKey, action, segments }) => {
    const previous = before.flags.get(flagKey);
    const current = next.ruleset.flags.get(flagKey);
    return {
      id: changeId(context, set, flagKey),
      occurredAt: new Date(nowMs).toISOString(),
      source: context.source ?? "flagspan",
      flagSetId: set,
      flagKey,
      action,
      actor: { id: context.actor.id, type: context.actor.type },
      reason: context.reason,
      revision: String(next.revision),
      previousRevision: String(next.revision - 1),
      ...(previous === undefined ? {} : { previous: summarizeFlag(previous, before.evaluators) }),
      ...(current === undefined ? {} : { current: summarizeFlag(current, next.ruleset.evaluators) }),
      ...(segments.length === 0 ? {} : { segments }),
      ...(context.traceparent === undefined ? {} : { traceparent: context.traceparent }),
    };
  });
}

function emptyRuleset(): Ruleset {
  const parsed = parseRuleset({ flags: {} });
  if (!parsed.ok) throw new TypeError("the empty ruleset parses");
  return parsed.ruleset;
}

/** Only the flags a write touched: the difference of one flag must not cost a walk over ten thousand. */
function narrow(ruleset: Ruleset, keys: readonly string[] | undefined): Ruleset {
  if (keys === undefined) return ruleset;
  const flags = new Map(
    keys.flatMap((key) => {
      const flag = ruleset.flags.get(key);
      return flag === undefined ? [] : [[key, flag] as const];
    }),
  );
  return { ...ruleset, flags };
}

function changeId(context: CommandContext, set: string, flagKey: string): string {
  if (context.idempotencyKey === undefined) return randomUUID();
  const parts = JSON.stringify([context.actor.id, context.idempotencyKey, set, flagKey]);
  return createHash("sha256").update(parts).digest("hex").slice(0, 32);
}

async function findRepeated(
  store: Store,
  context: CommandContext,
  live: LiveSet | undefined,
): Promise<CommandAnswer | undefined> {
  if (context.idempotencyKey === undefined || context.flagKey === undefined || live === undefined)
    return undefined;
  const entry = await store.audit.find(changeId(context, live.set, context.flagKey));
  return entry === undefined ? undefined : { ok: true, live, changes: [entry.change] };
}

async function commit(
  store: Store,
  library: Library,
  live: LiveSet | undefined,
  next: Next,
  changes: readonly FlagChange[],
  nowMs: number,
): Promise<CommandAnswer | "again"> {
  const text = writeDocument(next.document);
  const sha256 = hashText(text);
  const patch: RulesetPatch | undefined =
    next.flags === undefined
      ? undefined
      : {
          from: String(next.revision - 1),
          to: String(next.revision),
          flags: next.flags,
          changes: changes.map(({ id, flagKey, occurredAt }) => ({ id, flagKey, occurredAt })),
          sha256,
        };
  const patchText = patch === undefined ? null : JSON.stringify(patch);
  const whole = patchText === null || next.revision % WHOLE_EVERY === 1;
  const result = await store.rulesets.commit({
    set: next.set,
    expected: next.revision - 1,
    sha256,
    at: new Date(nowMs).toISOString(),
    text: whole ? text : null,
    patch: patchText,
    changes,
  });
  if (!result.ok) return "again";
  const made = createLiveSet({
    set: next.set,
    revision: next.revision,
    document: next.document,
    ruleset: next.ruleset,
    kills: followKills(live?.kills ?? new Map(), changes),
    unitSecret: next.unitSecret,
    text,
    sha256,
  });
  library.accept({ live: made, ...(patchText === null ? {} : { patch: patchText }) });
  return { ok: true, live: made, changes };
}
