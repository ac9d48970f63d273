import { findFreed } from "../acting/act.ts";
import { composeStage } from "../acting/compose-flag.ts";
import { ControlError } from "../acting/control-client.ts";
import type { ControlClient } from "../acting/control-client.ts";
import type { Command, Verb } from "../life/command.ts";
import { initialState } from "../life/state.ts";
import type { PartialKill } from "../life/state.ts";
import { parsePlan } from "../plan/parse-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { QueryWatch } from "../signals/query-watch.ts";
import { viewRollout, viewUnit } from "./rollout-view.ts";
import type { RolloutView } from "./rollout-view.ts";
import type { RolloutDocuments } from "./rollout-documents.ts";
import type { RolloutRunner } from "./rollout-runner.ts";

/** Who gives a command; `scopes` and `sets` are those of the key, where control passes them on, and then they are held against the plan. */
export interface DeciderActor {
  readonly id: string;
  readonly type: "user" | "api" | "automation" | "system";
  readonly scopes?: readonly string[];
  readonly sets?: "*" | readonly string[];
}

/** The rollout after the command, or why it was refused. */
export type DeciderAnswer =
  | { readonly ok: true; readonly rollout: RolloutView }
  | {
      readonly ok: false;
      readonly status: 404 | 409 | 422;
      readonly problem: string;
      readonly issues?: readonly unknown[];
    };

/** The port control's `/v1/rollouts` routes speak to. */
export interface Decider {
  list(): Promise<readonly RolloutView[]>;
  /** One rollout with its timeline; the id `unit:<context id>` answers which bad outcomes the guard holds for that unit instead. */
  get(id: string): Promise<unknown>;
  /** Takes a plan (`set` or `flagSetId` names the flag set); `start: true` beside its fields starts it at once. */
  create(plan: unknown, actor: DeciderActor): Promise<DeciderAnswer>;
  act(id: string, verb: Verb, body: unknown, actor: DeciderActor): Promise<DeciderAnswer>;
}

interface DeciderParts {
  readonly documents: RolloutDocuments;
  readonly control: ControlClient;
  readonly queries: QueryWatch;
  readonly now: () => number;
  readonly runner: (id: string) => Promise<RolloutRunner | undefined>;
  readonly kick: (id: string) => void;
}

/** Creates the decider of one process. */
export function createDecider(parts: DeciderParts): Decider {
  const answer = async (id: string): Promise<DeciderAnswer> => {
    const view = await read(parts, id);
    if (view === undefined) return { ok: false, status: 404, problem: `there is no rollout ${id}.` };
    return { ok: true, rollout: view };
  };

  async function act(id: string, verb: Verb, body: unknown, actor: DeciderActor): Promise<DeciderAnswer> {
    const runner = await parts.runner(id);
    if (runner === undefined || !reaches(actor, runner.record.plan))
      return { ok: false, status: 404, problem: `there is no rollout ${id}.` };
    if (verb === "start" && runner.record.state.status === "draft") {
      const problems = await findObstacles(parts, runner.record.plan, runner.record.id);
      if (problems.length > 0)
        return {
          ok: false,
          status: 422,
          problem: `the rollout cannot start: ${problems.join(" ")}`,
          issues: problems,
        };
    }
    const command = readCommand(verb, body, actor);
    if (typeof command === "string") return { ok: false, status: 422, problem: command };
    const done = await runner.command(command);
    if (!done.ok) return { ok: false, status: 409, problem: done.problem };
    parts.kick(id);
    return answer(id);
  }

  return {
    async list() {
      const views = await Promise.all((await parts.documents.ids("all")).map(async (id) => read(parts, id)));
      return views.filter((view) => view !== undefined);
    },
    async get(id) {
      if (id.startsWith("unit:")) return readUnit(parts, id.slice("unit:".length));
      return read(parts, id);
    },
    async create(document, actor) {
      const { start, reason, ...fields } = (document ?? {}) as Record<string, unknown>;
      const parsed = parsePlan(fields);
      if (!parsed.ok)
        return {
          ok: false,
          status: 422,
          problem: `the plan is not usable: ${parsed.issues.map((issue) => issue.message).join(" ")}`,
          issues: parsed.issues,
        };
      const { plan } = parsed;
      if (!reaches(actor, plan))
        return { ok: false, status: 422, problem: `this key does not reach the flag set ${plan.flagSetId}.` };
      const nowMs = parts.now();
      const number = (await parts.documents.ids("all")).length + 1;
      const id = `${plan.flagKey.replace(/[^A-Za-z0-9.-]+/g, "-")}-${number}`;
      const taken = plan.dryRun ? undefined : await parts.documents.findLive(plan.flagSetId, plan.flagKey);
      if (taken !== undefined) return { ok: false, status: 409, problem: describeTaken(plan, taken) };
      const problems = await findObstacles(parts, plan, id);
      if (problems.length > 0)
        return {
          ok: false,
          status: 422,
          problem: `the rollout cannot be created: ${problems.join(" ")}`,
          issues: problems,
        };
      const created = await parts.documents.create({
        id,
        plan,
        state: initialState,
        reasons: [],
        createdBy: actor.id,
        createdMs: nowMs,
        fence: 0,
      });
      if (!created.ok)
        return {
          ok: false,
          status: 409,
          problem: describeTaken(plan, created.taken),
        };
      return start === true ? act(id, "start", { reason }, actor) : answer(id);
    },
    act,
  };
}

function describeTaken(plan: Plan, id: string): string {
  return `${plan.flagKey} already has the rollout ${id}; abort it first or wait for its end.`;
}

function reaches({ sets = "*" }: DeciderActor, plan: Plan): boolean {
  return sets === "*" || sets.includes("*") || sets.includes(plan.flagSetId);
}

async function read(parts: DeciderParts, id: string): Promise<RolloutView | undefined> {
  const runner = await parts.runner(id);
  if (runner === undefined) return undefined;
  await runner.load();
  return viewRollout(runner.record, runner.observe(parts.now()), await parts.documents.decisions(id));
}

async function readUnit(parts: DeciderParts, unit: string): Promise<unknown> {
  const outcomes = [];
  for (const id of await parts.documents.ids("live")) {
    const runner = await parts.runner(id);
    if (runner !== undefined) outcomes.push(...viewUnit(runner.record, runner.book.ofUnit(unit)));
  }
  return { unit, outcomes };
}

/** What must be known before anybody is treated: every query answers, and the flag can be rendered at every stage. */
async function findObstacles(parts: DeciderParts, plan: Plan, id: string): Promise<readonly string[]> {
  const problems = [...(await parts.queries.findUnknown(plan))];
  try {
    const current = await parts.control.getFlag(plan.flagSetId, plan.flagKey);
    const freed = await findFreed(current, (owner) => parts.documents.baseOf(owner));
    const flag = freed ?? current.flag;
    if (current.killed && freed === undefined && !plan.dryRun)
      return [...problems, `${plan.flagKey} is killed; restore it before a new rollout.`];
    for (const variant of [plan.treatment, plan.control])
      if (!Object.hasOwn(flag.variants, variant))
        problems.push(
          `${plan.flagKey} has no variant ${variant}; it has ${Object.keys(flag.variants).join(", ")}.`,
        );
    if (problems.length > 0) return problems;
    // A dry run never writes the flag: it may be in somebody else's rollout.
    if (plan.dryRun) return problems;
    const last = composeStage(plan, initialState, flag, id, plan.stages.length - 1);
    if (!last.ok) problems.push(last.problem);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    problems.push(
      error.code === "not-found" ? `${plan.flagSetId} has no flag ${plan.flagKey}.` : error.message,
    );
  }
  return problems;
}

/** What the body of a verb may say; a slip must not make an abort for some users one for everybody. */
const commandMembers: readonly string[] = ["stage", "reason", "segment", "semver"];

function readCommand(verb: Verb, body: unknown, actor: DeciderActor): Command | string {
  const members = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const unknown = Object.keys(members).find((name) => !commandMembers.includes(name));
  if (unknown !== undefined)
    return `${JSON.stringify(unknown)} means nothing here; there are ${commandMembers.join(", ")}.`;
  const { stage, reason, segment, semver } = members;
  if (stage !== undefined && typeof stage !== "string") return "stage is the name of a stage, e.g. 10pct.";
  if (reason !== undefined && typeof reason !== "string") return "reason is a text.";
  const part = readPart(segment, semver);
  if (typeof part === "string") return part;
  if (part !== undefined && verb !== "abort") return "segment and semver go with abort only.";
  return {
    verb,
    actor: actor.id,
    ...(actor.scopes === undefined ? {} : { scopes: actor.scopes }),
    ...(stage === undefined ? {} : { stage }),
    ...(reason === undefined ? {} : { reason }),
    ...(part === undefined ? {} : { part }),
  };
}

function readPart(segment: unknown, semver: unknown): PartialKill | undefined | string {
  if (segment === undefined && semver === undefined) return undefined;
  if (segment !== undefined && typeof segment !== "string") return "segment is a name from $evaluators.";
  if (semver === undefined) return typeof segment === "string" ? { segment } : undefined;
  const { attribute, operator, version } = (semver ?? {}) as Record<string, unknown>;
  if (typeof attribute !== "string" || typeof operator !== "string" || typeof version !== "string")
    return "semver has attribute, operator and version, e.g. { attribute: appVersion, operator: <, version: 2.3.1 }.";
  return { ...(typeof segment === "string" ? { segment } : {}), semver: { attribute, operator, version } };
}
