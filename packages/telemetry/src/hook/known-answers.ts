import { cleanText } from "../privacy/clean-text.ts";
import type { FlagHookContext, FlagHookDetails } from "./flag-hook.ts";

/** What an evaluation says that does not depend on whom it was for: in the conventions' spelling, cleaned. */
export interface Answer {
  readonly flagKey: string;
  /** The provider's own variant; undefined where it names none. */
  readonly variant: string | undefined;
  readonly reason: string;
  readonly errorType: string | undefined;
  readonly setId: string | undefined;
  readonly version: string | undefined;
  /** What the events have made of it; theirs alone, and kept here because a field is read faster than a map. */
  event: object | undefined;
}

interface Raw {
  readonly variant: unknown;
  readonly reason: unknown;
  readonly errorCode: unknown;
  readonly setId: unknown;
  readonly version: unknown;
}

interface Known {
  readonly raw: Raw;
  readonly answer: Answer;
}

/**
 * Reads evaluations, and remembers the last answer of each flag: as long as a flag is answered alike, one map read and
 * five comparisons stand for cleaning five texts. Answers are the same object then. Holds at most `maxFlags` flags.
 */
export class KnownAnswers {
  readonly #byFlag = new Map<string, Known>();
  readonly #maxFlags: number;

  constructor(maxFlags = 256) {
    this.#maxFlags = maxFlags;
  }

  /** Reads one evaluation. Keys that the provider does not know are not remembered: callers could ask for any. */
  read(hookContext: FlagHookContext, details: FlagHookDetails): Answer {
    const metadata = details.flagMetadata;
    const setId = metadata?.["flagSetId"];
    const version = metadata?.["version"];
    const { variant, reason, errorCode } = details;
    const known = this.#byFlag.get(hookContext.flagKey);
    if (
      known !== undefined &&
      known.raw.variant === variant &&
      known.raw.reason === reason &&
      known.raw.errorCode === errorCode &&
      known.raw.setId === setId &&
      known.raw.version === version
    ) {
      return known.answer;
    }
    const raw: Raw = { variant, reason, errorCode, setId, version };
    const answer: Answer = {
      flagKey: cleanText(hookContext.flagKey),
      variant: typeof variant === "string" && variant !== "" ? cleanText(variant) : undefined,
      reason: reason === undefined ? "unknown" : spell(reason),
      errorType: errorCode === undefined ? undefined : spell(errorCode),
      setId: textOf(setId),
      version: textOf(version),
      event: undefined,
    };
    const mayHold = known !== undefined || this.#byFlag.size < this.#maxFlags;
    if (mayHold && answer.errorType !== "flag_not_found")
      this.#byFlag.set(hookContext.flagKey, { raw, answer });
    return answer;
  }
}

/** `TARGETING_MATCH` → `targeting_match`. */
function spell(word: string): string {
  return cleanText(word.toLowerCase(), 64);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : cleanText(value);
  return typeof value === "number" ? String(value) : undefined;
}
