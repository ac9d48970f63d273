export { createControl } from "./control.ts";
export type { Control, ControlOptions } from "./control.ts";
export { watchRulesetFile } from "./file/watch-ruleset-file.ts";
export type { RulesetFileEdit, RulesetFileOptions, RulesetFileWatch } from "./file/watch-ruleset-file.ts";
export { createKey } from "./keys/key.ts";
export type { KeyRequest } from "./keys/key.ts";
export { openMemoryStore } from "./store/memory.ts";
export { openSqliteStore } from "./store/sqlite.ts";
export { openPostgresStore } from "./store/postgres.ts";
export type {
  AuditEntry,
  AuditLog,
  AuditQuery,
  ChainReport,
  CommitResult,
  DocumentStore,
  KeyStore,
  Outbox,
  OutboxEntry,
  PresenceStore,
  RulesetCommit,
  RulesetStore,
  Scope,
  Store,
  StoredDocument,
  StoredKey,
  StoredRevision,
  StoredStep,
  StoreOptions,
} from "./store/store.ts";
export type { Actor, CommandContext } from "./changes/actor.ts";
export type { CommandAnswer, Refusal } from "./changes/answer.ts";
export type { Commands, KillTarget } from "./changes/commands.ts";
export type {
  Decider,
  DeciderActor,
  DeciderAnswer,
  OtlpIntake,
  RolloutVerb,
  WebhookAnswer,
  WebhookIntake,
} from "./http/services.ts";
export type { Anonymous } from "./http/gate.ts";
export type { CorsOptions } from "./http/cors.ts";
export type { Limits } from "./http/limits.ts";
export type { AppliedInstance, AppliedReport, Poller } from "./applied/ledger.ts";
export type { Library } from "./ruleset/library.ts";
export type { LiveSet, StandingKill } from "./ruleset/live-set.ts";
export type { RulesetDocument, RulesetPatch } from "./ruleset/document.ts";
export type { HubCounts } from "./stream/hub.ts";
export { ControlError } from "./error.ts";
export type { ControlErrorCode } from "./error.ts";
