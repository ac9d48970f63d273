import type { FlagDefinition, Issue, JsonValue } from "@flagspan/ruleset";
import { FlagspanProvider } from "../server/flagspan-provider.ts";
import { type MemorySource, memorySource } from "../source/memory-source.ts";

/** Flags of a test: a value that everyone gets, or a whole definition. */
export type TestFlags = Readonly<Record<string, JsonValue | FlagDefinition>>;

function isDefinition(flag: JsonValue | FlagDefinition): flag is FlagDefinition {
  return typeof flag === "object" && flag !== null && "state" in flag && "variants" in flag;
}

function toDocument(flags: TestFlags): unknown {
  const definitions = Object.entries(flags).map(([key, flag]) => [
    key,
    isDefinition(flag) ? flag : { state: "ENABLED", variants: { value: flag }, defaultVariant: "value" },
  ]);
  return { flags: Object.fromEntries(definitions) };
}

/** The server provider over flags in memory: the real evaluator, no network. */
export class MemoryProvider extends FlagspanProvider {
  readonly #source: MemorySource;

  constructor(flags: TestFlags, source: MemorySource) {
    super({ source });
    this.#source = source;
    this.setFlags(flags);
  }

  /** Replaces all flags; emits CONFIGURATION_CHANGED with those that differ. Answers what is wrong with them. */
  setFlags(flags: TestFlags): readonly Issue[] {
    return this.#source.set(toDocument(flags));
  }
}

/**
 * Creates a provider for one test: `memoryProvider({ "dark-mode": true })`. Nothing is shared between two of them, so
 * tests that run side by side, each under its own OpenFeature domain, do not see each other's flags.
 */
export function memoryProvider(flags: TestFlags = {}): MemoryProvider {
  return new MemoryProvider(flags, memorySource());
}
