import { signStandardWebhook } from "../webhooks/signatures/standard-webhooks.ts";
import { createRequestSink, type RequestSinkOptions } from "./request-sink.ts";
import type { Sink } from "./sink.ts";

/** Where signed changes go. */
export interface WebhookSinkOptions extends RequestSinkOptions {
  readonly url: string;
  /** `whsec_` and 24 to 64 random bytes in base64. */
  readonly secret: string;
}

/**
 * Creates a sink of signed webhooks by Standard Webhooks: `webhook-id` is the change's id, so a receiver knows a duplicate; the body is
 * `{ type: "feature_flag.change", timestamp, data: FlagChange }`. Another Flagspan reads it under `/hooks/generic`. Throws where the
 * secret is shorter than the standard allows.
 */
export function webhookSink(options: WebhookSinkOptions): Sink {
  const size = Buffer.from(options.secret.replace(/^whsec_/, ""), "base64").byteLength;
  if (size < 24 || size > 64)
    throw new Error("a webhook sink's secret is `whsec_` and 24 to 64 random bytes in base64.");
  return createRequestSink(options, {
    defaultName: "webhook",
    render(change, nowMs) {
      const body = JSON.stringify({
        type: "feature_flag.change",
        timestamp: change.occurredAt,
        data: change,
      });
      const timestamp = String(Math.floor(nowMs / 1000));
      return [
        {
          url: options.url,
          method: "POST",
          headers: {
            "content-type": "application/json",
            "webhook-id": change.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signStandardWebhook(options.secret, "base64", change.id, timestamp, body),
          },
          body,
        },
      ];
    },
  });
}
