import {
  type Evaluation,
  type EvaluationContext,
  evaluateCompiled,
  type FlagMetadata,
  type FlagValueType,
} from "@flagspan/ruleset";
import { ErrorCode, type ResolutionDetails } from "@openfeature/server-sdk";
import { findLayer, type Served } from "./served.ts";

/** Which evaluations name their unit in `flagMetadata.contextId`. */
export type ContextIdScope = "watched" | "all";

/** An answer that can be handed out again as it is. */
interface Answer {
  readonly details: ResolutionDetails<unknown>;
  readonly promise: Promise<ResolutionDetails<unknown>>;
  readonly watched: boolean;
}

const notReady: FlagMetadata = Object.freeze({});

/** Resolves flags against whatever is served. It keeps no state but a cache that lives as long as the answers do. */
export interface Resolver {
  resolve(
    served: Served | undefined,
    flagKey: string,
    defaultValue: unknown,
    context: EvaluationContext,
    type: FlagValueType,
  ): ResolutionDetails<unknown>;
  /** As `resolve`, but reuses the resolved promise of an answer that does not depend on the caller. */
  promise(
    served: Served | undefined,
    flagKey: string,
    defaultValue: unknown,
    context: EvaluationContext,
    type: FlagValueType,
  ): Promise<ResolutionDetails<unknown>>;
}

/** Creates a resolver. The ruleset hands out one frozen evaluation per outcome of a flag, so details are made once per outcome. */
export function createResolver(scope: ContextIdScope, nowMs: () => number): Resolver {
  const answers = new WeakMap<Evaluation, Answer>();

  function answerFor(evaluation: Evaluation): Answer {
    const known = answers.get(evaluation);
    if (known !== undefined) return known;
    const { value, variant, reason, metadata } = evaluation;
    const details: ResolutionDetails<unknown> = Object.freeze({
      value,
      reason,
      ...(variant === undefined ? {} : { variant }),
      flagMetadata: metadata,
    });
    const answer = {
      details,
      promise: Promise.resolve(details),
      watched: scope === "all" || metadata["rollout"] !== undefined,
    };
    answers.set(evaluation, answer);
    return answer;
  }

  /** Answers the shared answer, or the details made for this caller alone. */
  function find(
    served: Served | undefined,
    flagKey: string,
    defaultValue: unknown,
    context: EvaluationContext,
    type: FlagValueType,
  ): Answer | ResolutionDetails<unknown> {
    const layer = served?.single ?? (served === undefined ? undefined : findLayer(served, flagKey));
    if (layer === undefined) {
      return {
        value: defaultValue,
        reason: "ERROR",
        errorCode: ErrorCode.PROVIDER_NOT_READY,
        errorMessage: `no ruleset has been received yet: flag "${flagKey}" takes the default`,
        flagMetadata: notReady,
      };
    }
    const evaluation = evaluateCompiled(layer.ruleset, flagKey, context, nowMs(), type);
    if (evaluation.errorCode !== undefined) {
      const { reason, errorCode, errorMessage, metadata } = evaluation;
      return {
        value: defaultValue,
        reason,
        errorCode: ErrorCode[errorCode],
        flagMetadata: metadata,
        ...(errorMessage === undefined ? {} : { errorMessage }),
      };
    }
    if (evaluation.value === undefined) {
      return {
        value: defaultValue,
        reason: evaluation.reason,
        flagMetadata: identify(
          evaluation.metadata,
          layer,
          context,
          scope === "all" || "rollout" in evaluation.metadata,
        ),
      };
    }
    const answer = answerFor(evaluation);
    if (!answer.watched || layer.contextIds === undefined) return answer;
    const { value, variant, reason } = evaluation;
    const flagMetadata = identify(evaluation.metadata, layer, context, true);
    return variant === undefined ? { value, reason, flagMetadata } : { value, variant, reason, flagMetadata };
  }

  return {
    resolve: (served, flagKey, defaultValue, context, type) => {
      const found = find(served, flagKey, defaultValue, context, type);
      return "details" in found ? found.details : found;
    },
    promise: (served, flagKey, defaultValue, context, type) => {
      const found = find(served, flagKey, defaultValue, context, type);
      return "promise" in found ? found.promise : Promise.resolve(found);
    },
  };
}

function identify(
  metadata: FlagMetadata,
  layer: Served["layers"][number],
  context: EvaluationContext,
  watched: boolean,
): Record<string, string> {
  const key = context["targetingKey"];
  if (!watched || layer.contextIds === undefined || typeof key !== "string" || key === "") {
    return metadata as Record<string, string>;
  }
  return { ...(metadata as Record<string, string>), contextId: layer.contextIds.of(key) };
}
