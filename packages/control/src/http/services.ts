import type { AppliedLedger, AppliedReport } from "../applied/ledger.ts";
import type { Actor } from "../changes/actor.ts";
import type { Commands } from "../changes/commands.ts";
import type { OfrepAnswers } from "../ofrep/answer.ts";
import type { Library } from "../ruleset/library.ts";
import type { Store } from "../store/store.ts";
import type { UnknownEvents } from "../webhooks/unknown-events.ts";
import type { Limits } from "./limits.ts";
import type { Reply } from "./reply.ts";
import type { FlagChange } from "@flagspan/ruleset/change";

/** Where OTLP posted to control goes: the guard's fast lane. */
export interface OtlpIntake {
  accept(input: {
    signal: "logs" | "traces" | "metrics";
    contentType: string;
    body: Uint8Array;
    scopes: readonly string[];
    keyId?: string;
  }): Promise<{ status: number; contentType: string; body: string | Uint8Array }>;
}

/** What a vendor's webhook said. */
export interface WebhookAnswer {
  readonly status: number;
  readonly body?: string;
  /** Appended durably, once per id, before the vendor gets its 2xx. */
  readonly changes: readonly FlagChange[];
  readonly alerts?: readonly unknown[];
  /** What in it could not be made a change of; the event is kept for people to look at (`GET /hooks/unknown`). */
  readonly unknown?: string;
  /** The same, each in the form in which its reader can read it again after an upgrade; without secrets. */
  readonly unknownEvents?: readonly unknown[];
}

/** Verifies and reads vendors' webhooks. */
export interface WebhookIntake {
  receive(request: {
    vendor: string;
    headers: Readonly<Record<string, string>>;
    rawBody: Uint8Array;
    query: Readonly<Record<string, string>>;
  }): Promise<WebhookAnswer>;
}

/** What the guard answers to a command. */
export type DeciderAnswer =
  | { readonly ok: true; readonly rollout: unknown }
  | {
      readonly ok: false;
      readonly status: 404 | 409 | 422;
      readonly problem: string;
      readonly issues?: readonly unknown[];
    };

/** What one can tell a rollout to do. */
export type RolloutVerb = "start" | "pause" | "resume" | "approve" | "abort" | "dial-down";

/** Who gives a command to the decider, and how far the key reaches: approvals ask for a scope, plans live in a set. */
export interface DeciderActor extends Actor {
  readonly scopes: readonly string[];
  /** `"*"` or the sets by name. */
  readonly sets: "*" | readonly string[];
}

/** Who runs rollouts. */
export interface Decider {
  list(): Promise<readonly unknown[]>;
  get(id: string): Promise<unknown>;
  create(plan: unknown, actor: DeciderActor): Promise<DeciderAnswer>;
  act(id: string, verb: RolloutVerb, body: unknown, actor: DeciderActor): Promise<DeciderAnswer>;
}

/** Everything a route may need. */
export interface Services {
  readonly store: Store;
  readonly library: Library;
  readonly commands: Commands;
  readonly ofrep: OfrepAnswers;
  readonly ledger: AppliedLedger;
  applied(set: string, revision: number): Promise<AppliedReport>;
  readonly otlp: OtlpIntake | undefined;
  readonly webhooks: WebhookIntake | undefined;
  readonly decider: Decider | undefined;
  readonly unknownEvents: UnknownEvents;
  readonly limits: Limits;
  readonly now: () => number;
  /** Tells the log of a request that failed inside, and answers it. */
  failed(error: unknown): Reply;
  /** Alerts that came with webhooks, for the guard. */
  onAlerts(alerts: readonly unknown[]): void;
  ready(): Promise<readonly string[]>;
}
