import type { FlagChange } from "@flagspan/ruleset/change";
import type { FlagAlert } from "./alert.ts";
import type { ChangeMapping } from "./change-mapping.ts";
import type { WebhookMemory } from "./memory.ts";
import type { Delivery, Verify } from "./signatures/verdict.ts";

/** What a delivery says. */
export interface Reading {
  readonly changes: readonly FlagChange[];
  readonly alerts: readonly FlagAlert[];
  /** Kinds of events that this vendor's file does not turn into changes; they are kept and counted. */
  readonly unknown: readonly string[];
}

/** What a vendor's file may use besides the delivery. */
export interface ReadingTools {
  /** The source of changes: the name in the route. */
  readonly source: string;
  /** The flag set of a vendor's project and environment. */
  flagSet(project: string | undefined, environment: string | undefined): string;
  /** SHA-256 of the raw body, for vendors whose deliveries have no id. */
  bodyHash(): string;
  /** How a generic body is read. */
  readonly mapping: ChangeMapping | undefined;
  /** Remembers something under a key, for vendors that send whole rulesets; what it resolves for is durable where the intake's memory is. */
  remember: WebhookMemory["update"];
}

/** A system that sends webhooks: one file in `vendors/`, one line in `vendors/index.ts`, one fixture. */
export interface Vendor {
  readonly verify: Verify;
  /** Reads a verified body. Must tolerate anything: what it does not know is unknown, never an exception. */
  read(body: Fields, delivery: Delivery, tools: ReadingTools): Reading | Promise<Reading>;
}

/** An object out of JSON, read field by field. */
export type Fields = Readonly<Record<string, unknown>>;
