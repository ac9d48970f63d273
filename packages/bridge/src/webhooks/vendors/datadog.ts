import type { FlagAlert } from "../alert.ts";
import { asText, asTime, present } from "../fields.ts";
import { staticToken } from "../signatures/static-token.ts";
import type { Vendor } from "../vendor.ts";

/**
 * Datadog monitors, through the webhooks integration with the payload in this package's README; the flag is in the tag
 * `feature_flag.key:<key>`.
 */
export const datadog: Vendor = {
  verify: staticToken,
  read(body, { nowMs }) {
    const transition = asText(body["transition"]) ?? "";
    const name = asText(body["monitor"]) ?? asText(body["title"]);
    const status = readStatus(transition);
    if (name === undefined || status === undefined)
      return { changes: [], alerts: [], unknown: [`transition ${transition}`] };
    const occurredAt = asTime(body["date"]) ?? new Date(nowMs).toISOString();
    const tags = (asText(body["tags"]) ?? "").split(",").map((tag) => tag.trim());
    const tagged = (prefix: string): string | undefined =>
      tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
    const alert = present<FlagAlert>({
      id: `datadog:${asText(body["id"]) ?? `${name}:${occurredAt}`}:${status}`,
      name,
      status,
      source: "datadog",
      occurredAt,
      flagKey: tagged("feature_flag.key:") ?? tagged("feature_flag_key:"),
      flagSetId: tagged("feature_flag.set.id:"),
      summary: asText(body["message"]),
      url: asText(body["link"]),
    });
    return { changes: [], alerts: [alert], unknown: [] };
  },
};

/** Warnings and missing data are no alert: no data is not health, but neither is it harm. */
function readStatus(transition: string): FlagAlert["status"] | undefined {
  if (/^(?:re-?)?triggered$|^renotify$/i.test(transition)) return "firing";
  return /^recovered$/i.test(transition) ? "resolved" : undefined;
}
