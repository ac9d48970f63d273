import type { FlagAlert } from "../alert.ts";
import { asText, asTime, present } from "../fields.ts";
import { staticToken } from "../signatures/static-token.ts";
import type { Vendor } from "../vendor.ts";

/** Dynatrace problem notifications with the default custom payload; the flag is in the tag `feature_flag.key:<key>`. */
export const dynatrace: Vendor = {
  verify: staticToken,
  read(body, { nowMs }) {
    const state = asText(body["State"]) ?? "";
    const name = asText(body["ProblemTitle"]);
    const status = state === "OPEN" ? "firing" : state === "RESOLVED" ? "resolved" : undefined;
    if (name === undefined || status === undefined)
      return { changes: [], alerts: [], unknown: [`problem state ${state}`] };
    const tags = asText(body["Tags"]) ?? "";
    const alert = present<FlagAlert>({
      id: `dynatrace:${asText(body["PID"]) ?? asText(body["ProblemID"]) ?? name}:${status}`,
      name,
      status,
      source: "dynatrace",
      occurredAt: asTime(body["ProblemTime"]) ?? new Date(nowMs).toISOString(),
      flagKey: /(?:^|[\s,])feature_flag\.key:\s*([^\s,]+)/.exec(tags)?.[1],
      summary: asText(body["ImpactedEntity"]),
      url: asText(body["ProblemURL"]),
    });
    return { changes: [], alerts: [alert], unknown: [] };
  },
};
