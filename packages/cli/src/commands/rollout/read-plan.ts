import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { parsePlan } from "@flagspan/guard";
import { parse, YAMLParseError } from "yaml";
import type { CommandIo } from "../../command.ts";
import { UsageError } from "../../command.ts";

/** What the command line says about a plan. */
export interface PlanFlags {
  readonly set?: string | undefined;
  readonly template?: string | undefined;
  readonly stages?: string | undefined;
  readonly hold?: string | undefined;
  readonly treatment?: string | undefined;
  readonly control?: string | undefined;
  readonly alpha?: string | undefined;
  readonly "dry-run": boolean;
}

const templates = ["standard-48h", "cautious-week", "instant-with-guard", "dark-launch"] as const;

/**
 * Builds the plan document from a file (`subject` ends in .yaml, .yml or .json), a template, or the one-line options; options win over the file. The plan is
 * parsed here once, so that a mistake is told before anything is sent. `findSet` is asked where nothing names the flag's set.
 */
export async function readPlanDocument(
  subject: string,
  flags: PlanFlags,
  io: CommandIo,
  findSet: (flag: string) => Promise<string>,
): Promise<Readonly<Record<string, unknown>>> {
  const isFile = /\.(ya?ml|json)$/.test(subject);
  const base = isFile
    ? await readYaml(resolve(io.cwd, subject), io)
    : flags.template === undefined
      ? {}
      : await readTemplate(flags.template, io);
  const given = {
    ...base,
    ...(isFile ? {} : { flag: subject }),
    ...pick(flags, ["set", "stages", "hold", "treatment", "control"]),
    ...(flags.alpha === undefined ? {} : { alpha: Number(flags.alpha) }),
    ...(flags["dry-run"] ? { dryRun: true } : {}),
  };
  const { set, flagSetId, flag } = given as Readonly<Record<string, unknown>>;
  const document =
    set === undefined && flagSetId === undefined && typeof flag === "string"
      ? { ...given, set: await findSet(flag) }
      : given;
  const parsed = parsePlan(document);
  if (!parsed.ok) throw new UsageError(parsed.issues.map((issue) => issue.message).join(" "));
  return document;
}

async function readTemplate(name: string, io: CommandIo): Promise<Readonly<Record<string, unknown>>> {
  if (!templates.some((known) => known === name))
    throw new UsageError(`there is no template "${name}"; there are ${templates.join(", ")}.`);
  const home = dirname(createRequire(import.meta.url).resolve("@flagspan/guard/package.json"));
  return readYaml(join(home, "templates", `${name}.yaml`), io);
}

async function readYaml(path: string, io: CommandIo): Promise<Readonly<Record<string, unknown>>> {
  const text = await io.readFile(path);
  try {
    const document: unknown = parse(text);
    if (typeof document === "object" && document !== null && !Array.isArray(document))
      return document as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const { line, col } = error.linePos?.[0] ?? { line: 1, col: 1 };
    throw new UsageError(`${path}:${line}:${col} is not YAML: ${error.message.split("\n")[0]}`);
  }
  throw new UsageError(`${path} holds no plan: it must be a mapping with flag, set and stages.`);
}

function pick(
  flags: PlanFlags,
  names: readonly ("set" | "stages" | "hold" | "treatment" | "control")[],
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  );
}
