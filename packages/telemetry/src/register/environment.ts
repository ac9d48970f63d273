import { scopeCapacity } from "../scope/flag-scope.ts";
import type { FlagTelemetryOptions } from "../options.ts";

/** What the variables ask for, and what in them could not be understood. */
export interface EnvironmentOptions {
  readonly options: FlagTelemetryOptions;
  /** One sentence per variable that was ignored. */
  readonly problems: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const namings = ["per-flag", "packed", "sentry"] as const;
const bindings = ["late", "causal"] as const;
const policies = ["first-per-scope", "all", "off"] as const;

/**
 * Reads the preload's options: `FLAGSPAN_GUARD_ENDPOINT`, `FLAGSPAN_GUARD_HEADERS` (`name=value,name=value`),
 * `FLAGSPAN_MAX_FLAGS`, `FLAGSPAN_NAMING`, `FLAGSPAN_NAMESPACE`, `FLAGSPAN_BINDING`, `FLAGSPAN_EVENTS`,
 * `FLAGSPAN_BAGGAGE_ALLOW` (hosts), `FLAGSPAN_TRUST_BAGGAGE` (`true`, `false` or flag keys), `FLAGSPAN_PUBLIC_EDGE`,
 * `FLAGSPAN_SUBJECT_SECRET`.
 * Lists are separated by commas. An unset or empty variable is the option's default; so is one that makes no sense.
 */
export function readEnvironment(env: Environment): EnvironmentOptions {
  const problems: string[] = [];
  const oneOf = <Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined => {
    const text = textOf(env, name);
    const choice = choices.find((candidate) => candidate === text);
    if (text !== undefined && choice === undefined) {
      problems.push(`${name} is ignored: ${JSON.stringify(text)} is none of ${choices.join(", ")}`);
    }
    return choice;
  };
  const maxFlags = readCount(env, "FLAGSPAN_MAX_FLAGS", scopeCapacity, problems);
  const naming = oneOf("FLAGSPAN_NAMING", namings);
  const binding = oneOf("FLAGSPAN_BINDING", bindings);
  const events = oneOf("FLAGSPAN_EVENTS", policies);
  const namespace = textOf(env, "FLAGSPAN_NAMESPACE");
  const guardEndpoint = readUrl(env, "FLAGSPAN_GUARD_ENDPOINT", problems);
  const headers = textOf(env, "FLAGSPAN_GUARD_HEADERS");
  const allow = textOf(env, "FLAGSPAN_BAGGAGE_ALLOW");
  const trust = textOf(env, "FLAGSPAN_TRUST_BAGGAGE");
  const edge = oneOf("FLAGSPAN_PUBLIC_EDGE", ["true", "false"]);
  const secret = textOf(env, "FLAGSPAN_SUBJECT_SECRET");
  return {
    problems,
    options: {
      ...(maxFlags === undefined ? {} : { maxFlags }),
      ...(naming === undefined ? {} : { naming }),
      ...(binding === undefined ? {} : { binding }),
      ...(events === undefined ? {} : { events }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(guardEndpoint === undefined ? {} : { guardEndpoint }),
      ...(headers === undefined ? {} : { guardHeaders: readHeaders(headers, problems) }),
      ...(allow === undefined ? {} : { baggage: { allow: listOf(allow) } }),
      ...(trust === undefined ? {} : { trustBaggage: readTrust(trust) }),
      ...(edge === undefined ? {} : { publicEdge: edge === "true" }),
      ...(secret === undefined ? {} : { subjectKey: secret }),
    },
  };
}

function textOf(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === "" ? undefined : text;
}

function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function readTrust(text: string): boolean | { readonly keys: readonly string[] } {
  if (text === "true") return true;
  return text === "false" ? false : { keys: listOf(text) };
}

function readCount(env: Environment, name: string, most: number, problems: string[]): number | undefined {
  const text = textOf(env, name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  problems.push(`${name} is ignored: ${JSON.stringify(text)} is no whole number from 1 to ${most}`);
  return undefined;
}

function readUrl(env: Environment, name: string, problems: string[]): string | undefined {
  const text = textOf(env, name);
  if (text === undefined) return undefined;
  if (/^https?:\/\/./iu.test(text) && URL.canParse(text)) return text;
  problems.push(`${name} is ignored: ${JSON.stringify(text)} is no http(s) URL`);
  return undefined;
}

/** The values are secrets, so a problem names only the header. */
function readHeaders(text: string, problems: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, pair] of listOf(text).entries()) {
    const equals = pair.indexOf("=");
    if (equals < 1)
      problems.push(`FLAGSPAN_GUARD_HEADERS: entry ${index + 1} is ignored, it is not name=value`);
    else headers[pair.slice(0, equals).trim().toLowerCase()] = pair.slice(equals + 1).trim();
  }
  return headers;
}
