import { ErrorCode, type ResolutionDetails } from "@openfeature/web-sdk";
import type { Kept } from "./kept-answers.ts";
import type { WebFlag } from "./parse-bulk.ts";

/** What is answered from, and whose it is. */
export interface Shown {
  readonly flags: ReadonlyMap<string, WebFlag>;
  /** The targeting key it was answered for. */
  readonly user: string | undefined;
  /** Set if it was kept from an earlier visit and the server has not answered yet. */
  readonly kept: Kept | undefined;
}

function typeOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

function fail<T>(
  value: T,
  errorCode: ErrorCode,
  errorMessage: string,
  metadata: WebFlag["metadata"],
): ResolutionDetails<T> {
  return { value, reason: "ERROR", errorCode, errorMessage, flagMetadata: metadata ?? {} };
}

/** Turns what the server answered into what OpenFeature asks for. Never throws. */
export function answerWeb<T>(
  shown: Shown | undefined,
  flagKey: string,
  defaultValue: T,
): ResolutionDetails<T> {
  const flag = shown?.flags.get(flagKey);
  if (flag === undefined) {
    return shown === undefined
      ? fail(defaultValue, ErrorCode.PROVIDER_NOT_READY, "no answer has been received yet", {})
      : fail(defaultValue, ErrorCode.FLAG_NOT_FOUND, `flag "${flagKey}" is not in the answer`, {});
  }
  if (flag.errorCode !== undefined) {
    const code = ErrorCode[flag.errorCode as keyof typeof ErrorCode] as ErrorCode | undefined;
    return fail(defaultValue, code ?? ErrorCode.GENERAL, flag.errorDetails ?? flag.errorCode, flag.metadata);
  }
  const flagMetadata = flag.metadata ?? {};
  const reason = shown?.kept === undefined ? (flag.reason ?? "UNKNOWN") : "CACHED";
  if (flag.value === undefined) return { value: defaultValue, reason, flagMetadata };
  if (typeOf(flag.value) !== typeOf(defaultValue)) {
    const message = `flag "${flagKey}" has a ${typeOf(flag.value)} value, a ${typeOf(defaultValue)} was asked for`;
    return fail(defaultValue, ErrorCode.TYPE_MISMATCH, message, flag.metadata);
  }
  const value = flag.value as T;
  return flag.variant === undefined
    ? { value, reason, flagMetadata }
    : { value, variant: flag.variant, reason, flagMetadata };
}
