import type { FlagMetadata, JsonValue } from "@flagspan/ruleset";
import { z } from "zod";

import type { KillTarget } from "../changes/commands.ts";
import type { KeyRequest } from "../keys/key.ts";

type JsonObject = Readonly<Record<string, JsonValue>>;

const reason: z.ZodType<string> = z
  .string()
  .trim()
  .min(1, "say why: the reason goes into the audit log")
  .max(500)
  .describe("Why. Goes into the audit log and to every sink.");

/** JSON came out of `JSON.parse`, so every value in it is a `JsonValue` already. */
const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>;

/** `PUT /v1/flags/{set}/{key}` */
export const putFlagBody: z.ZodType<{ flag: JsonObject; reason: string }> = z.strictObject({
  flag: jsonObject.describe("A whole flagd flag definition."),
  reason,
});

/** `PATCH /v1/flags/{set}/{key}` */
export const patchFlagBody: z.ZodType<{ flag: JsonObject; reason: string }> = z.strictObject({
  flag: jsonObject.describe("A JSON merge patch (RFC 7396) of the definition: null removes."),
  reason,
});

/** Bodies that carry only a reason. */
export const reasonBody: z.ZodType<{ reason: string }> = z.strictObject({ reason });

/** `POST /v1/flags/{set}/{key}/restore` */
export const restoreBody: z.ZodType<{ flag?: JsonObject | undefined; reason: string }> = z.strictObject({
  flag: jsonObject
    .optional()
    .describe("What the flag becomes in the same revision. Default: what it was before the kill."),
  reason,
});

/** `POST /v1/flags/{set}/{key}/kill` */
export const killBody: z.ZodType<KillTarget & { reason: string }> = z
  .strictObject({
    reason,
    variant: z
      .string()
      .optional()
      .describe("What everyone gets. Default: rolloutControl, else the one that is off."),
    segment: z.string().optional().describe("Only this $evaluators segment."),
    semver: z
      .strictObject({
        attribute: z.string().min(1),
        operator: z.enum(["=", "!=", "<", "<=", ">", ">=", "^", "~"]),
        version: z.string().min(1),
      })
      .optional()
      .describe("Only users whose version attribute compares so."),
  })
  .refine(
    (body) => body.segment === undefined || body.semver === undefined,
    "give segment or semver, not both",
  );

/** `PUT /v1/rulesets/{set}` */
export const importBody: z.ZodType<{
  ruleset: { flags: JsonObject; $evaluators?: JsonObject | undefined; metadata?: FlagMetadata | undefined };
  reason: string;
}> = z.strictObject({
  ruleset: z.object({
    flags: jsonObject,
    $evaluators: jsonObject.optional(),
    metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  }),
  reason,
});

/** `POST /v1/rulesets/{set}/applied` */
export const appliedBody: z.ZodType<{ revision: string | number; instance: string }> = z.object({
  revision: z.union([z.string().regex(/^[0-9]{1,15}$/), z.number().int().nonnegative()]),
  instance: z.string().min(1).max(200),
});

/** `POST /v1/keys` */
export const keyBody: z.ZodType<KeyRequest> = z.strictObject({
  name: z.string().min(1).max(100),
  scopes: z.array(z.enum(["evaluate", "sync", "telemetry", "write", "kill", "admin"])).min(1),
  sets: z.array(z.string().min(1)).min(1),
  actorType: z.enum(["user", "api", "automation"]),
});

/** OFREP evaluation requests; unknown members are ignored, an absent context is an empty one. */
export const ofrepBody: z.ZodType<{ context?: Record<string, unknown> | undefined }> = z.object({
  context: z.looseObject({}).optional(),
});

/** `POST /v1/rollouts` and its verbs: the guard reads the plan itself. */
export const rolloutBody: z.ZodType<Record<string, unknown>> = z.record(z.string(), z.unknown());
