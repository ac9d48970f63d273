import { createHmac } from "node:crypto";
import { isEqual } from "./is-equal.ts";
import { isWithinWindow } from "./replay-window.ts";
import { verdict, type Verify } from "./verdict.ts";

/** How the secret becomes the key: `base64` after the prefix `whsec_` (the standard), or the text itself (GrowthBook). */
export type KeyForm = "base64" | "raw";

/** Standard Webhooks: `webhook-signature` lists `v1,` + base64 HMAC-SHA256 over `id.timestamp.body`; the timestamp is checked. */
export function standardWebhooks(form: KeyForm): Verify {
  return ({ headers, rawBody, nowMs }, secrets) => {
    const id = headers["webhook-id"];
    const timestamp = headers["webhook-timestamp"];
    const signatures = headers["webhook-signature"];
    if (id === undefined || timestamp === undefined || signatures === undefined)
      return { ok: false, problem: "one of webhook-id, webhook-timestamp, webhook-signature is missing" };
    if (!isWithinWindow(timestamp, nowMs))
      return { ok: false, problem: "webhook-timestamp is more than five minutes away" };
    const given = signatures.split(" ").slice(0, 10);
    const matches = secrets.flatMap((secret) => {
      const wanted = signStandardWebhook(secret, form, id, timestamp, rawBody);
      return given.map((signature) => isEqual(signature, wanted));
    });
    return verdict(matches.includes(true), "webhook-signature does not match the body");
  };
}

/** Signs as {@link standardWebhooks} verifies: for the generic sink. */
export function signStandardWebhook(
  secret: string,
  form: KeyForm,
  id: string,
  timestamp: string,
  body: Uint8Array | string,
): string {
  const key = form === "raw" ? secret : Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest("base64")}`;
}
