import type { JsonValue } from "@flagspan/ruleset";

/** The parts of a resolution that an override changes. */
interface Details {
  readonly flagMetadata?: Readonly<Record<string, string | number | boolean>>;
}

/** Any OpenFeature provider, server or web. */
interface AnyProvider {
  readonly metadata: { readonly name: string };
}

/** Where overrides come from, and whether they count. */
export interface OverrideOptions {
  /** Values by flag key; they win over the page's address and storage. */
  readonly flags?: Readonly<Record<string, JsonValue>>;
  /**
   * Whether overrides count at all. Default: never where `NODE_ENV` is `production`; in a page without `NODE_ENV` only on
   * localhost. Outside a page only where `NODE_ENV` is something else.
   */
  readonly enabled?: boolean;
}

interface Surroundings {
  readonly location?: { readonly search: string; readonly hostname: string };
  readonly localStorage?: Pick<Storage, "getItem">;
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
}

const storageKey = "flagspan.override";
const queryPrefix = "flagspan.";
const dropped = /^(?:rollout|contextId$)/u;
const types: Readonly<Record<string, string>> = {
  resolveBooleanEvaluation: "boolean",
  resolveStringEvaluation: "string",
  resolveNumberEvaluation: "number",
  resolveObjectEvaluation: "object",
};

function isEnabled({ process, location }: Surroundings): boolean {
  const mode = process?.env?.["NODE_ENV"];
  if (mode !== undefined) return mode !== "production";
  return location !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])$/u.test(location.hostname);
}

function parseValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // `?flagspan.color=blue` means the text.
    return text;
  }
}

function readStored({ localStorage }: Surroundings): Readonly<Record<string, JsonValue>> {
  try {
    const stored = parseValue(localStorage?.getItem(storageKey) ?? "{}");
    return typeof stored === "object" && stored !== null
      ? (stored as Readonly<Record<string, JsonValue>>)
      : {};
  } catch {
    // A page may be forbidden its storage.
    return {};
  }
}

function readOverrides(options: OverrideOptions, surroundings: Surroundings): ReadonlyMap<string, JsonValue> {
  const query = [...new URLSearchParams(surroundings.location?.search ?? "")]
    .filter(([name]) => name.startsWith(queryPrefix))
    .map(([name, value]): [string, JsonValue] => [name.slice(queryPrefix.length), parseValue(value)]);
  return new Map([
    ...Object.entries(readStored(surroundings)),
    ...query,
    ...Object.entries(options.flags ?? {}),
  ]);
}

/**
 * Lets a developer choose a flag's value: `?flagspan.dark-mode=true` in the address, `localStorage["flagspan.override"] =
 * '{"dark-mode":true}'`, or `flags`. Off in production.
 *
 * An overridden evaluation says so (reason `OVERRIDE`, metadata `reason: "OVERRIDE"`, variant `override`) and loses its
 * rollout metadata and unit, so that it never counts in an outcome. A value of the wrong type is ignored.
 */
export function withOverrides<P extends AnyProvider>(provider: P, options: OverrideOptions = {}): P {
  const surroundings = globalThis as Surroundings;
  const enabled = options.enabled ?? isEnabled(surroundings);
  const overrides = enabled ? readOverrides(options, surroundings) : new Map<string, JsonValue>();
  if (overrides.size === 0) return provider;

  const override = (details: Details, value: JsonValue): object => {
    const kept = Object.entries(details.flagMetadata ?? {}).filter(([name]) => !dropped.test(name));
    return {
      value,
      variant: "override",
      reason: "OVERRIDE",
      flagMetadata: { ...Object.fromEntries(kept), reason: "OVERRIDE" },
    };
  };

  return new Proxy(provider, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name === "evaluateSync") {
        return (flagKey: string, defaultValue: unknown, context?: unknown, sync?: object): unknown => {
          const value = overrides.get(flagKey);
          if (value === undefined || typeof value !== typeof defaultValue)
            return Reflect.apply(member, target, [flagKey, defaultValue, context, sync]);
          const transform = (details: Details): object => override(details, value);
          return Reflect.apply(member, target, [flagKey, defaultValue, context, { ...sync, transform }]);
        };
      }
      const type = types[String(name)];
      if (type === undefined) return member.bind(target) as unknown;
      return (flagKey: string, ...rest: readonly unknown[]): unknown => {
        const details: unknown = Reflect.apply(member, target, [flagKey, ...rest]);
        const value = overrides.get(flagKey);
        if (value === undefined || typeof value !== type) return details;
        return details instanceof Promise
          ? details.then((answered: Details) => override(answered, value))
          : override(details as Details, value);
      };
    },
  });
}
