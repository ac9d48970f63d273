import { createHmac } from "node:crypto";
import { isEqual } from "./is-equal.ts";
import { isWithinWindow } from "./replay-window.ts";
import { verdict, type Verify } from "./verdict.ts";

/** ConfigCat: a comma list of base64 HMAC-SHA256 over id, timestamp and body written one after the other; the timestamp is checked. */
export const idTimestampBody: Verify = ({ headers, rawBody, nowMs }, secrets) => {
  const id = headers["x-configcat-webhook-id"];
  const timestamp = headers["x-configcat-webhook-timestamp"];
  const signatures = headers["x-configcat-webhook-signature-v1"];
  if (id === undefined || timestamp === undefined || signatures === undefined)
    return { ok: false, problem: "one of the X-ConfigCat-Webhook headers is missing" };
  if (!isWithinWindow(timestamp, nowMs))
    return { ok: false, problem: "X-ConfigCat-Webhook-Timestamp is more than five minutes away" };
  const given = signatures.split(",").slice(0, 10);
  const matches = secrets.flatMap((secret) => {
    const wanted = createHmac("sha256", secret)
      .update(id + timestamp)
      .update(rawBody)
      .digest("base64");
    return given.map((signature) => isEqual(signature.trim(), wanted));
  });
  return verdict(matches.includes(true), "X-ConfigCat-Webhook-Signature-V1 does not match the body");
};
