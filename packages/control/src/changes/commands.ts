import type { FlagDefinition, JsonValue } from "@flagspan/ruleset";
import { renderKill, renderSegmentKill } from "@flagspan/ruleset/rollout";

import { readDocument } from "../ruleset/document.ts";
import type { RulesetDocument } from "../ruleset/document.ts";
import type { Library } from "../ruleset/library.ts";
import type { LiveSet } from "../ruleset/live-set.ts";
import type { CommandContext } from "./actor.ts";
import { refuse } from "./answer.ts";
import type { CommandAnswer, Refusal } from "./answer.ts";
import { mergePatch } from "./merge-patch.ts";
import type { Intent, Writer } from "./writer.ts";

/** Whom a kill reaches: everyone, one segment, or the users on some versions. */
export interface KillTarget {
  /** The variant everyone gets. Default: `rolloutControl`, else the one variant named or valued "off". */
  readonly variant?: string | undefined;
  /** The name of an `$evaluators` entry. */
  readonly segment?: string | undefined;
  readonly semver?:
    | { readonly attribute: string; readonly operator: string; readonly version: string }
    | undefined;
}

/** Everything one can tell control to do with flags. Each command is one durable transaction. */
export interface Commands {
  putFlag(set: string, key: string, flag: JsonValue, context: CommandContext): Promise<CommandAnswer>;
  patchFlag(set: string, key: string, patch: JsonValue, context: CommandContext): Promise<CommandAnswer>;
  deleteFlag(set: string, key: string, context: CommandContext): Promise<CommandAnswer>;
  killFlag(set: string, key: string, target: KillTarget, context: CommandContext): Promise<CommandAnswer>;
  /** Ends the standing kill: the flag becomes `flag`, or what it was before the kill, in one revision. */
  restoreFlag(
    set: string,
    key: string,
    flag: JsonValue | undefined,
    context: CommandContext,
  ): Promise<CommandAnswer>;
  /** What a restore would bring back; nothing where no kill stands. */
  readRestored(live: LiveSet, key: string): Promise<JsonValue | undefined>;
  importRuleset(set: string, document: RulesetDocument, context: CommandContext): Promise<CommandAnswer>;
  /** Sets and removes several flags in one revision; flags under a latched kill are left alone. */
  putFlags(
    set: string,
    flags: Readonly<Record<string, JsonValue>>,
    context: CommandContext,
  ): Promise<CommandAnswer>;
}

/** Builds the commands on the one write path. */
export function createCommands(writer: Writer, library: Library): Commands {
  return {
    putFlag: (set, key, flag, context) =>
      writer.write(
        set,
        { ...context, flagKey: key },
        (live) => latched(live, key) ?? { kind: "flags", flags: one(key, flag) },
      ),
    patchFlag: (set, key, patch, context) =>
      writer.write(set, { ...context, flagKey: key }, (live) => {
        const known = own(live, key);
        if (known === undefined) return unknownFlag(set, key);
        return latched(live, key) ?? { kind: "flags", flags: one(key, mergePatch(known, patch)) };
      }),
    deleteFlag: (set, key, context) =>
      writer.write(set, { ...context, flagKey: key }, (live) => {
        if (own(live, key) === undefined) return unknownFlag(set, key);
        return latched(live, key) ?? { kind: "flags", flags: one(key, null) };
      }),
    killFlag: (set, key, target, context) =>
      writer.write(set, { ...context, flagKey: key }, (live) => planKill(live, set, key, target)),
    restoreFlag: (set, key, flag, context) =>
      writer.write(set, { ...context, flagKey: key }, (live) => planRestore(live, library, set, key, flag)),
    readRestored: (live, key) => readRestored(live, library, key),
    importRuleset: (set, document, context) =>
      writer.write(set, context, (live) => refuseUnkilling(live, document) ?? { kind: "document", document }),
    putFlags: (set, flags, context) =>
      writer.write(set, context, (live) => {
        const free = Object.entries(flags).filter(([key]) => latched(live, key) === undefined);
        return { kind: "flags", flags: Object.fromEntries(free) };
      }),
  };
}

/** Own property only: a flag named `constructor` is a flag like any other. */
function own(live: LiveSet | undefined, key: string): JsonValue | undefined {
  return live !== undefined && Object.hasOwn(live.document.flags, key) ? live.document.flags[key] : undefined;
}

function one(key: string, definition: JsonValue): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries([[key, definition]]);
}

function unknownFlag(set: string, key: string): Refusal {
  return refuse(404, `${set} has no flag ${JSON.stringify(key)}`);
}

function latched(live: LiveSet | undefined, key: string): Refusal | undefined {
  return live?.kills.get(key)?.latched === true
    ? refuse(409, `${key} is killed and stays so until somebody restores it: POST …/restore first`)
    : undefined;
}

function planKill(live: LiveSet | undefined, set: string, key: string, target: KillTarget): Intent | Refusal {
  const known = own(live, key);
  const resolved = live?.ruleset.flags.get(key);
  if (live === undefined || known === undefined) return unknownFlag(set, key);
  if (resolved === undefined) {
    return refuse(422, `${key} cannot be killed to a variant: its definition is in quarantine; replace it`);
  }
  const flag = known as unknown as FlagDefinition;
  const variant = target.variant === undefined ? {} : { variant: target.variant };
  if (target.segment === undefined && target.semver === undefined) {
    const control = resolved.metadata?.["rolloutControl"];
    const rendered = renderKill(flag, {
      ...variant,
      ...(typeof control === "string" ? { rolloutControl: control } : {}),
    });
    if (!rendered.ok) return chooseVariant(key, rendered.choices);
    const definition = rendered.flag as unknown as JsonValue;
    const again =
      live.kills.get(key)?.latched === true && JSON.stringify(definition) === JSON.stringify(known);
    return { kind: "flags", flags: one(key, definition), ...(again ? {} : { action: "killed" as const }) };
  }
  if (target.segment !== undefined && !live.ruleset.evaluators.has(target.segment)) {
    return refuse(422, `${set} has no segment ${JSON.stringify(target.segment)} in $evaluators`, {
      choices: [...live.ruleset.evaluators.keys()],
    });
  }
  const rendered = renderSegmentKill(flag, {
    ...variant,
    ...(target.segment === undefined ? {} : { segment: target.segment }),
    ...(target.semver === undefined ? {} : { semver: target.semver }),
  });
  if (!rendered.ok) return chooseVariant(key, rendered.choices);
  const { segment, semver } = target;
  return {
    kind: "flags",
    flags: one(key, rendered.flag as unknown as JsonValue),
    action: "killed",
    segments: [
      ...(segment === undefined ? [] : [segment]),
      ...(semver === undefined ? [] : [`${semver.attribute} ${semver.operator} ${semver.version}`]),
    ],
  };
}

function chooseVariant(key: string, choices: readonly string[]): Refusal {
  return refuse(422, `which variant switches ${key} off cannot be told: name one as "variant"`, { choices });
}

async function planRestore(
  live: LiveSet | undefined,
  library: Library,
  set: string,
  key: string,
  flag: JsonValue | undefined,
): Promise<Intent | Refusal> {
  if (live === undefined || own(live, key) === undefined) return unknownFlag(set, key);
  const kill = live.kills.get(key);
  if (kill === undefined) return refuse(409, `${key} is not killed; there is nothing to restore`);
  const definition = flag ?? (await readRestored(live, library, key));
  if (definition === undefined) {
    return refuse(409, `revision ${kill.revision} of ${set}, from before the kill, no longer has ${key}`);
  }
  return { kind: "flags", flags: one(key, definition), action: "restored" };
}

async function readRestored(live: LiveSet, library: Library, key: string): Promise<JsonValue | undefined> {
  const kill = live.kills.get(key);
  const past = kill === undefined ? undefined : await library.text(live.set, kill.revision);
  if (past === undefined) return undefined;
  const { flags } = readDocument(past.text);
  return Object.hasOwn(flags, key) ? flags[key] : undefined;
}

function refuseUnkilling(live: LiveSet | undefined, document: RulesetDocument): Refusal | undefined {
  if (live === undefined) return undefined;
  const touched = [...live.kills]
    .filter(
      ([key, kill]) => kill.latched && JSON.stringify(document.flags[key]) !== JSON.stringify(own(live, key)),
    )
    .map(([key]) => key);
  return touched.length === 0
    ? undefined
    : refuse(409, `the import would change killed flags (${touched.join(", ")}); restore them first`);
}
