import type { Question } from "./cases.ts";

/** What flagd, or we, answer; no value and no variant where the caller's default is the answer. */
export interface Answer {
  readonly reason: string;
  readonly errorCode?: string;
  readonly variant?: string;
  readonly value?: unknown;
}

/** One flagd, whatever language it is written in, synced from a control. */
export interface Flagd {
  ask(questions: readonly Question[]): Promise<readonly Answer[]>;
  /** Whether a version of the ruleset has arrived within twenty seconds. */
  waitFor(version: string): Promise<boolean>;
  close(): void;
}

/** A kind of flagd that is installed here. */
export interface FlagdKind {
  readonly name: string;
  /** Whether it differs from flagd itself where known-differences.json says so. */
  readonly hasKnownDifferences: boolean;
  /** Starts one for a flag set; it is synced when this resolves. */
  start(from: { readonly url: string; readonly grpcPort: number; readonly set: string }): Promise<Flagd>;
}

/** A kind that is installed, or one sentence that says why it is not. */
export type Installed = FlagdKind | { readonly problem: string };
