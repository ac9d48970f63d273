import { watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";

import type { JsonValue } from "@flagspan/ruleset";

import type { CommandContext } from "../changes/actor.ts";
import type { CommandAnswer } from "../changes/answer.ts";
import type { Control } from "../control.ts";
import type { RulesetDocument } from "../ruleset/document.ts";
import { readLastEdit } from "./last-commit.ts";
import { readRulesetFile } from "./read-ruleset-file.ts";

/** Which file stands for which set. */
export interface RulesetFileOptions {
  readonly path: string;
  readonly set: string;
  /** Hears of every edit that became changes, and of every one that could not, with the reason. */
  readonly onEdit?: (edit: RulesetFileEdit) => void;
}

/** What came of an edit. A refused one changes nothing: what was served before is served on. */
export type RulesetFileEdit =
  | { readonly ok: true; readonly revision: number; readonly changed: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** A file being followed. */
export interface RulesetFileWatch {
  /** Reads the file now, without waiting for the file system to tell. */
  check(): Promise<RulesetFileEdit>;
  close(): Promise<void>;
}

/** Editors write in several steps; this long after the last one the file is read. */
const SETTLE_MS = 30;

/**
 * Makes a ruleset file the truth for a set: its edits become changes, by the commit's author where it is committed.
 *
 * An edit touches only what it changed in the file since it was read last, so that what was done through the API
 * in between stays, a standing kill above all. Resolves when the file is in force for the first time.
 */
export async function watchRulesetFile(
  control: Control,
  options: RulesetFileOptions,
): Promise<RulesetFileWatch> {
  const path = resolve(options.path);
  let seen: RulesetDocument | undefined;
  let working: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function apply(): Promise<RulesetFileEdit> {
    const file = await readRulesetFile(path);
    if (!file.ok) return { ok: false, problem: file.problem };
    const edit = await readLastEdit(path);
    const context: CommandContext = {
      actor: { id: edit.author, type: "user" },
      reason: edit.reason.slice(0, 500),
      source: edit.source,
      tolerant: true,
    };
    const answer = await take(control, options.set, seen, file.document, context);
    if (!answer.ok) {
      const first = answer.issues?.find((issue) => issue.severity === "error")?.message;
      return { ok: false, problem: `${path}: ${answer.problem}${first === undefined ? "" : `: ${first}`}` };
    }
    seen = file.document;
    return {
      ok: true,
      revision: answer.live.revision,
      changed: answer.changes.map((change) => change.flagKey),
    };
  }

  function check(): Promise<RulesetFileEdit> {
    const mine = working.then(apply).catch((error: unknown): RulesetFileEdit => ({
      ok: false,
      problem: `${path}: ${error instanceof Error ? error.message : String(error)}`,
    }));
    working = mine;
    void mine.then((edit) => {
      if (!edit.ok || edit.changed.length > 0) options.onEdit?.(edit);
    });
    return mine;
  }

  await check();
  // The directory, not the file: editors and git replace the file, and a watch on it would follow the old one.
  const watcher = watch(dirname(path), (_event, name) => {
    if (name !== null && name !== basename(path)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void check(), SETTLE_MS);
  });
  return {
    check,
    async close() {
      clearTimeout(timer);
      watcher.close();
      await working;
    },
  };
}

async function take(
  control: Control,
  set: string,
  seen: RulesetDocument | undefined,
  document: RulesetDocument,
  context: CommandContext,
): Promise<CommandAnswer> {
  const live = await control.library.get(set);
  const evaluatorsMoved = !same(live?.document.$evaluators ?? {}, document.$evaluators ?? {});
  if (live === undefined || evaluatorsMoved) {
    return control.commands.importRuleset(set, keepKilled(live?.document, live?.kills, document), context);
  }
  const before = seen?.flags ?? live.document.flags;
  const moved: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  for (const key of new Set([...Object.keys(before), ...Object.keys(document.flags)])) {
    const now = Object.hasOwn(document.flags, key) ? document.flags[key] : null;
    const then = Object.hasOwn(before, key) ? before[key] : null;
    if (now !== undefined && !same(then, now)) moved[key] = now;
  }
  return control.commands.putFlags(set, moved, context);
}

/** A file cannot lift a kill. */
function keepKilled(
  current: RulesetDocument | undefined,
  kills: ReadonlyMap<string, { readonly latched: boolean }> | undefined,
  document: RulesetDocument,
): RulesetDocument {
  const kept = [...(kills ?? [])].flatMap(([key, kill]) => {
    const flag = current?.flags[key];
    return kill.latched && flag !== undefined ? [[key, flag] as const] : [];
  });
  return kept.length === 0
    ? document
    : { ...document, flags: { ...document.flags, ...Object.fromEntries(kept) } };
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
