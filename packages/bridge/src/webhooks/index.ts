export { createWebhookIntake } from "./intake.ts";
export type {
  VendorSettings,
  WebhookAnswer,
  WebhookIntake,
  WebhookIntakeOptions,
  WebhookRequest,
} from "./intake.ts";
export type { UnknownEvent } from "./unknown-event.ts";
export type { UnknownReport } from "./unknown-counts.ts";
export type { FlagAlert } from "./alert.ts";
export type { ChangeMapping } from "./change-mapping.ts";
