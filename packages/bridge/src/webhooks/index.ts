export { createWebhookIntake } from "./intake.ts";
export type {
  PayloadMemory,
  UnknownEvent,
  VendorSettings,
  WebhookAnswer,
  WebhookIntake,
  WebhookIntakeOptions,
  WebhookRequest,
} from "./intake.ts";
export type { FlagAlert } from "./alert.ts";
export type { ChangeMapping } from "./change-mapping.ts";
