import { findClosest } from "../closest.ts";
import type { CommandIo } from "../command.ts";
import { UsageError } from "../command.ts";
import { readInput } from "../ruleset-input/read-input.ts";
import { readYaml } from "../ruleset-input/yaml.ts";
import type { KeyPattern, KindPolicy, Policy } from "./policy.ts";

type Properties = Readonly<Record<string, unknown>>;

/** Reads a policy file, YAML or JSON. Anything it does not know is refused: a typing slip must not switch a rule off. */
export async function readPolicy(file: string, io: CommandIo): Promise<Policy> {
  const { value } = readYaml(file, await readInput(file, io));
  const fail = (path: string, message: string): never => {
    throw new UsageError(`${file}: ${path === "" ? "the policy" : path} ${message}`);
  };
  const top = readObject(
    value ?? {},
    "",
    ["kinds", "default", "requireKind", "expiredGraceDays", "maximumJump"],
    fail,
  );
  const kinds = isObject(top["kinds"]) ? top["kinds"] : {};
  if (top["kinds"] !== undefined && !isObject(top["kinds"])) fail("kinds", "must be an object by kind");
  const requireKind = top["requireKind"] ?? false;
  if (typeof requireKind !== "boolean") fail("requireKind", "must be true or false");
  const expiredGraceDays = readNumber(top, "expiredGraceDays", "", fail) ?? 14;
  const maximumJump = readNumber(top, "maximumJump", "", fail);
  return {
    kinds: new Map(
      Object.entries(kinds).map(([kind, entry]) => [kind, readKind(entry, `kinds.${kind}`, fail)]),
    ),
    ...(top["default"] === undefined ? {} : { default: readKind(top["default"], "default", fail) }),
    requireKind: requireKind === true,
    expiredGraceDays,
    ...(maximumJump === undefined ? {} : { maximumJump }),
  };
}

type Fail = (path: string, message: string) => never;

function readKind(value: unknown, path: string, fail: Fail): KindPolicy {
  const entry = readObject(value ?? {}, path, ["key", "require", "maxLifetimeDays"], fail);
  const required = entry["require"] ?? [];
  if (!Array.isArray(required) || !required.every((name): name is string => typeof name === "string")) {
    return fail(`${path}.require`, "must be a list of metadata names such as [owner, expires, ticket]");
  }
  const maxLifetimeDays = readNumber(entry, "maxLifetimeDays", `${path}.`, fail);
  return {
    ...(entry["key"] === undefined ? {} : { key: readKey(entry["key"], `${path}.key`, fail) }),
    require: required,
    ...(maxLifetimeDays === undefined ? {} : { maxLifetimeDays }),
  };
}

function readKey(value: unknown, path: string, fail: Fail): KeyPattern {
  const entry = readObject(
    typeof value === "string" ? { pattern: value } : value,
    path,
    ["pattern", "example", "description"],
    fail,
  );
  const { pattern: source, example, description } = entry;
  if (typeof source !== "string") return fail(`${path}.pattern`, "must be a regular expression");
  if (example !== undefined && typeof example !== "string") return fail(`${path}.example`, "must be a text");
  if (description !== undefined && typeof description !== "string") {
    return fail(`${path}.description`, "must be a text");
  }
  const pattern = compile(source, path, fail);
  if (example !== undefined && !pattern.test(example)) {
    return fail(`${path}.example`, `"${example}" does not match the pattern; correct one of them`);
  }
  return {
    pattern,
    ...(example === undefined ? {} : { example }),
    ...(description === undefined ? {} : { description }),
  };
}

function compile(source: string, path: string, fail: Fail): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, "u");
  } catch (error) {
    return fail(`${path}.pattern`, `is not a regular expression: ${(error as Error).message}`);
  }
}

function readNumber(entry: Properties, name: string, prefix: string, fail: Fail): number | undefined {
  const value = entry[name];
  if (value === undefined || (typeof value === "number" && value >= 0 && Number.isFinite(value)))
    return value;
  return fail(`${prefix}${name}`, "must be a number, 0 or more");
}

function readObject(value: unknown, path: string, known: readonly string[], fail: Fail): Properties {
  if (!isObject(value)) return fail(path, "must be an object");
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    const meant = findClosest(name, known);
    const hint = meant === undefined ? `it takes ${known.join(", ")}` : `did you mean "${meant}"?`;
    fail(path, `has an unknown property "${name}"; ${hint}`);
  }
  return value;
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
