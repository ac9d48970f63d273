import type { Ruleset } from "@flagspan/ruleset";
import type { Clock } from "../sync/clock.ts";
import type { Failure } from "../sync/failure.ts";

/** One change as the sync stream names it, so that the moment it takes effect can be reported. */
export interface AppliedChange {
  readonly id: string;
  readonly flagKey: string;
  /** Milliseconds since the epoch. */
  readonly occurredAtMs: number;
}

/** A good ruleset with the set it belongs to. */
export interface Layer {
  readonly ruleset: Ruleset;
  readonly revision: string;
  /** `false` if the revision means nothing outside of this process: evaluations do not carry it then. */
  readonly isNamed?: boolean;
  /** The flag set, where the source knows it and the ruleset may not say. */
  readonly flagSetId?: string;
  /** The set's unit secret, when the source was given one. */
  readonly unitSecret?: Uint8Array;
}

/** What is to be answered from, replacing what is held. */
export interface SourceUpdate {
  /** A flag is answered by the last layer that defines it. One source is one layer; a merged one has several. */
  readonly layers: readonly Layer[];
  /** Whether all of it was kept from an earlier life of the process, and may have been overtaken since. */
  readonly kept: boolean;
  /** What led here, when the source knows. */
  readonly changes: readonly AppliedChange[];
  /** The only flags that can differ from the update before, when the source knows; spares comparing all. */
  readonly touched?: readonly string[];
}

/** What a source tells its provider. */
export interface SourceListener {
  update(update: SourceUpdate): void;
  /** The link to the truth is good or lost. */
  link(up: boolean): void;
  failure(failure: Failure): void;
}

/** What a source is given to run with. */
export interface SourceEnvironment {
  readonly clock: Clock;
  readonly random: () => number;
  /** Names this process to the server. */
  readonly instance: string;
}

/** A running source. */
export interface OpenSource {
  /** The provider answers from the latest update now. */
  applied(): void;
  /** Ends sockets, timers and watchers at once; safe to call twice. */
  close(): Promise<void>;
}

/** Where rulesets come from. A source never hands over a ruleset that did not parse; each opening is independent. */
export interface Source {
  readonly name: string;
  open(listener: SourceListener, environment: SourceEnvironment): OpenSource;
}
