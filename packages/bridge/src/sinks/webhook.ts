import { signStandardWebhook } from "../webhooks/signatures/standard-webhooks.ts";
import { createRequestSink, type HttpPost, type RequestSinkOptions } from "./request-sink.ts";
import type { Sink } from "./sink.ts";

/** Where signed changes go. */
export interface WebhookSinkOptions extends RequestSinkOptions {
  readonly url: string;
  /** `whsec_` and 24 to 64 random bytes in base64. */
  readonly secret: string;
}

/**
 * Creates a sink of signed webhooks by Standard Webhooks: `webhook-id` is the change's id, so a receiver knows a duplicate; the body is
 * `{ type: "feature_flag.change", timestamp, data: FlagChange }`, or of type `feature_flag.notification`. Another Flagspan reads it under `/hooks/generic`. Throws where the
 * secret is shorter than the standard allows.
 */
export function webhookSink(options: WebhookSinkOptions): Sink {
  const size = Buffer.from(options.secret.replace(/^whsec_/, ""), "base64").byteLength;
  if (size < 24 || size > 64)
    throw new Error("a webhook sink's secret is `whsec_` and 24 to 64 random bytes in base64.");
  const sign = (
    type: string,
    data: { readonly id: string; readonly occurredAt: string },
    nowMs: number,
  ): HttpPost[] => {
    const body = JSON.stringify({ type, timestamp: data.occurredAt, data });
    const timestamp = String(Math.floor(nowMs / 1000));
    return [
      {
        url: options.url,
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": data.id,
          "webhook-timestamp": timestamp,
          "webhook-signature": signStandardWebhook(options.secret, "base64", data.id, timestamp, body),
        },
        body,
      },
    ];
  };
  return createRequestSink(options, {
    defaultName: "webhook",
    render: (change, nowMs) => sign("feature_flag.change", change, nowMs),
    announce: (notification, nowMs) => sign("feature_flag.notification", notification, nowMs),
  });
}
