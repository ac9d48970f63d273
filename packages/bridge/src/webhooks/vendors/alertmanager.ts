import type { FlagAlert } from "../alert.ts";
import { asList, asObject, asText, asTime, present } from "../fields.ts";
import { staticToken } from "../signatures/static-token.ts";
import type { Vendor } from "../vendor.ts";

/** Prometheus Alertmanager, webhook version 4; the flag is in the label `feature_flag_key`, which our own rules set. */
export const alertmanager: Vendor = {
  verify: staticToken,
  read(body) {
    const alerts: FlagAlert[] = [];
    let unreadable = 0;
    for (const alert of asList(body["alerts"]).map(asObject)) {
      const labels = asObject(alert["labels"]);
      const annotations = asObject(alert["annotations"]);
      const name = asText(labels["alertname"]);
      const status = alert["status"] === "resolved" ? "resolved" : "firing";
      const occurredAt = asTime(status === "resolved" ? alert["endsAt"] : alert["startsAt"]);
      if (name === undefined || occurredAt === undefined) {
        unreadable += 1;
        continue;
      }
      alerts.push(
        present<FlagAlert>({
          id: `alertmanager:${asText(alert["fingerprint"]) ?? name}:${occurredAt}:${status}`,
          name,
          status,
          source: "alertmanager",
          occurredAt,
          flagKey: asText(labels["feature_flag_key"]) ?? asText(labels["flag"]),
          flagSetId: asText(labels["feature_flag_set_id"]),
          summary: asText(annotations["summary"]) ?? asText(annotations["description"]),
          url: asText(annotations["runbook_url"]) ?? asText(alert["generatorURL"]),
        }),
      );
    }
    if (unreadable > 0) return { changes: [], alerts, unknown: ["an alert without alertname or time"] };
    return { changes: [], alerts, unknown: alerts.length === 0 ? ["a body without alerts"] : [] };
  },
};
