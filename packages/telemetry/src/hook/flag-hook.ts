import type { FlagEntry } from "../scope/flag-entry.ts";
import type { Answer } from "./known-answers.ts";

/** What an OpenFeature SDK tells a hook about an evaluation, server and web alike. */
export interface FlagHookContext {
  readonly flagKey: string;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  readonly providerMetadata?: { readonly name?: string | undefined } | undefined;
}

/** An evaluation's result, as an OpenFeature SDK hands it to `finally`. */
export interface FlagHookDetails {
  readonly value?: unknown;
  readonly variant?: string | undefined;
  readonly reason?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
  readonly flagMetadata?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** An OpenFeature hook for `@openfeature/server-sdk` and `@openfeature/web-sdk`. */
export interface FlagHook {
  readonly name: string;
  finally(hookContext: FlagHookContext, details: FlagHookDetails): void;
}

/** An evaluation, read once, without value and context. */
export interface ReadEvaluation {
  readonly answer: Answer;
  /** What the scope remembers; undefined for a flag that does not exist. */
  readonly entry: FlagEntry | undefined;
}
