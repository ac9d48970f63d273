import { createHash, createHmac } from "node:crypto";
import type { FlagChange } from "@flagspan/ruleset/change";
import { createRequestSink, fit, type RequestSinkOptions } from "./request-sink.ts";
import type { Sink } from "./sink.ts";

/** Which Sentry organisation. */
export interface SentrySinkOptions extends RequestSinkOptions {
  /** The URL that the change tracking settings show for the provider "Generic". */
  readonly url: string;
  /** The signing secret of that provider. */
  readonly secret: string;
}

/** Creates a sink of Sentry's change tracking webhook, signed with HMAC-SHA256 over the body. */
export function sentrySink(options: SentrySinkOptions): Sink {
  return createRequestSink(options, {
    defaultName: "sentry",
    render(change) {
      const body = writeBody(change);
      const signature = createHmac("sha256", options.secret).update(body).digest("hex");
      return [
        {
          url: options.url,
          method: "POST",
          headers: { "content-type": "application/json", "x-sentry-signature": signature },
          body,
        },
      ];
    },
  });
}

const actions: Readonly<Record<FlagChange["action"], "created" | "updated" | "deleted">> = {
  created: "created",
  updated: "updated",
  deleted: "deleted",
  enabled: "updated",
  disabled: "updated",
  rollout: "updated",
  killed: "updated",
  archived: "updated",
  restored: "updated",
};

function writeBody(change: FlagChange): string {
  const data = {
    action: actions[change.action],
    change_id: 0,
    created_at: change.occurredAt,
    created_by: { id: fit(change.actor.id, 100), type: change.actor.id.includes("@") ? "email" : "name" },
    flag: fit(change.flagKey, 100),
  };
  // The id is a 64-bit integer, which JSON.stringify cannot write exactly.
  return JSON.stringify({ data: [data], meta: { version: 1 } }).replace(
    '"change_id":0',
    `"change_id":${changeNumber(change.id)}`,
  );
}

/** The first 63 bits of the id's hash: a positive number, the same for a duplicate. */
function changeNumber(id: string): string {
  return (createHash("sha256").update(id).digest().readBigUInt64BE() >> 1n).toString();
}
