/** Any value that JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Scalars that accompany a flag or a whole set; a flag's own entries win over the set's. */
export type FlagMetadata = Readonly<Record<string, string | number | boolean>>;

/** One flag of the flagd format, with every `$ref` already replaced by what it names. */
export interface FlagDefinition {
  readonly state: "ENABLED" | "DISABLED";
  readonly variants: Readonly<Record<string, JsonValue>>;
  /** Absent, `null` and `""` all mean: the caller's code default. */
  readonly defaultVariant?: string | null;
  readonly targeting?: JsonValue;
  readonly metadata?: FlagMetadata;
}

/** What can be wrong with a ruleset. Compare codes, not messages. */
export type IssueCode =
  | "invalid-json"
  | "invalid-document"
  | "missing-flags"
  | "flag-list"
  | "budget-exceeded"
  | "invalid-flag"
  | "invalid-key"
  | "duplicate-key"
  | "invalid-state"
  | "invalid-variants"
  | "invalid-default-variant"
  | "invalid-metadata"
  | "invalid-evaluators"
  | "unknown-reference"
  | "cyclic-reference"
  | "unknown-operator"
  | "invalid-arguments"
  | "unknown-variant"
  | "unreachable-rule"
  | "zero-weights"
  | "invalid-weight"
  | "mixed-variant-types"
  | "unmatchable-name"
  | "invalid-version"
  | "impossible-comparison"
  | "unknown-flagd-property"
  | "engine-quirk"
  | "invalid-change"
  | "invalid-rollout"
  | "unrenderable-targeting";

/** One thing wrong at one place. `error`: something does not work; `warning`: it works, but hardly as meant. */
export interface Issue {
  readonly code: IssueCode;
  readonly severity: "error" | "warning";
  /** Keys and indexes from the document's root. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly flagKey?: string;
  /** From 1; present when the text was given. */
  readonly line?: number;
  /** From 1, in UTF-16 code units; present when the text was given. */
  readonly column?: number;
  /** The nearest name that exists. */
  readonly didYouMean?: string;
}

declare const parsed: unique symbol;

/** A ruleset that can be evaluated. Only this package makes one, by parsing; it never changes afterwards. */
export interface Ruleset {
  readonly flags: ReadonlyMap<string, FlagDefinition>;
  readonly evaluators: ReadonlyMap<string, JsonValue>;
  readonly metadata: FlagMetadata;
  /** Flags that cannot be evaluated, with the first reason for each; they answer PARSE_ERROR. */
  readonly quarantined: ReadonlyMap<string, Issue>;
  readonly [parsed]: true;
}

/** Limits on what is loaded. A flag over its limit is quarantined, a document over its limit refused. */
export interface ParseOptions {
  /** UTF-16 code units of text; default 32 Mi. */
  readonly maxLength?: number;
  /** Default 100,000. */
  readonly maxFlags?: number;
  /** Nesting within a flag or an evaluator, `$ref` replaced; default 64. */
  readonly maxDepth?: number;
  /** Values within a flag, `$ref` replaced; default 20,000. */
  readonly maxNodes?: number;
}

/** A ruleset and what is wrong with parts of it, or the reasons why there is none. */
export type ParseResult =
  | { readonly ok: true; readonly ruleset: Ruleset; readonly issues: readonly Issue[] }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** The value type a caller asks for. */
export type FlagValueType = "boolean" | "string" | "number" | "object";

/** What is known about the subject; `targetingKey` is a top-level property. Only own properties count. */
export type EvaluationContext = Readonly<Record<string, unknown>>;

/** Why an evaluation has no answer. */
export type EvaluationErrorCode =
  | "FLAG_NOT_FOUND"
  | "PARSE_ERROR"
  | "TYPE_MISMATCH"
  | "GENERAL"
  | "INVALID_CONTEXT";

/** An answer. Without `value` the caller's code default applies. Shared and frozen: do not modify. */
export interface Evaluation {
  readonly value?: JsonValue;
  readonly variant?: string;
  readonly reason: "STATIC" | "DEFAULT" | "TARGETING_MATCH" | "DISABLED" | "ERROR" | (string & {});
  readonly errorCode?: EvaluationErrorCode;
  readonly errorMessage?: string;
  readonly metadata: FlagMetadata;
}
