import type { Issue } from "@flagspan/ruleset";
import type { FlagChange } from "@flagspan/ruleset/change";

import type { LiveSet } from "../ruleset/live-set.ts";

/** Why a command was refused. `status` is the HTTP status that says the same. */
export interface Refusal {
  readonly ok: false;
  readonly status: 404 | 409 | 412 | 422;
  readonly problem: string;
  readonly issues?: readonly Issue[];
  readonly choices?: readonly string[];
}

/** What a command did. No `changes`: everything was so already. */
export type CommandAnswer =
  | { readonly ok: true; readonly live: LiveSet; readonly changes: readonly FlagChange[] }
  | Refusal;

/** Builds a refusal. */
export function refuse(
  status: Refusal["status"],
  problem: string,
  details: Pick<Refusal, "issues" | "choices"> = {},
): Refusal {
  return { ok: false, status, problem, ...details };
}
