import type { FlagChange, FlagChangeAction } from "@flagspan/ruleset/change";
import { asObject, asText, asTime, present } from "../fields.ts";
import { hexHmac } from "../signatures/hex-hmac.ts";
import type { Fields, Reading, ReadingTools, Vendor } from "../vendor.ts";

/**
 * Flagsmith: environment webhooks (what a flag is now and was) and the organisation's audit webhook (a line of text), which arrives
 * wrapped or bare. Configure one of the two: they tell the same changes under different ids.
 */
export const flagsmith: Vendor = {
  verify: hexHmac("x-flagsmith-signature"),
  read(body, _delivery, tools) {
    const type = asText(body["event_type"]);
    const data = asObject(body["data"]);
    if (type === "FLAG_UPDATED" || type === "FLAG_DELETED" || type === "NEW_VERSION_PUBLISHED")
      return readFlagEvent(type, data, tools);
    if (type === "AUDIT_LOG_CREATED") return readAudit(data, tools);
    if (body["related_object_type"] !== undefined) return readAudit(body, tools);
    return { changes: [], alerts: [], unknown: [type ?? "no event_type"] };
  },
};

function readFlagEvent(type: string, data: Fields, tools: ReadingTools): Reading {
  const state = asObject(data["new_state"] ?? data["previous_state"]);
  const before =
    data["previous_state"] === undefined || data["previous_state"] === null
      ? undefined
      : asObject(data["previous_state"]);
  const feature = asObject(state["feature"] ?? data["feature"]);
  const environment = asObject(state["environment"] ?? data["environment"]);
  const flagKey = asText(feature["name"]);
  if (flagKey === undefined) return { changes: [], alerts: [], unknown: [`${type} without a feature`] };
  const segment = asText(asObject(asObject(state["feature_segment"])["segment"])["name"]);
  const identity = asText(state["identity_identifier"]);
  const change = present<FlagChange>({
    id: `${tools.source}:${tools.bodyHash()}`,
    occurredAt: asTime(data["timestamp"]) ?? "",
    source: tools.source,
    flagSetId: tools.flagSet(asText(asObject(feature["project"])["name"]), asText(environment["name"])),
    flagKey,
    action: readAction(type, before, state),
    actor: { id: asText(data["changed_by"]) ?? "flagsmith", type: data["changed_by"] ? "user" : "system" },
    // Who an identity override is about is personal; that it is one person is what matters.
    segments: segment !== undefined ? [segment] : identity !== undefined ? ["one identity"] : undefined,
    revision: asText(data["uuid"]),
  });
  return { changes: [change], alerts: [], unknown: [] };
}

function readAction(type: string, before: Fields | undefined, now: Fields): FlagChangeAction {
  if (type === "FLAG_DELETED") return "deleted";
  if (before !== undefined && before["enabled"] !== now["enabled"])
    return now["enabled"] === true ? "enabled" : "disabled";
  const shares = (state: Fields | undefined): string =>
    JSON.stringify(state?.["multivariate_feature_state_values"] ?? []);
  return before !== undefined && shares(before) !== shares(now) ? "rollout" : "updated";
}

function readAudit(data: Fields, tools: ReadingTools): Reading {
  const about = asText(data["related_object_type"]) ?? "";
  const log = asText(data["log"]) ?? "";
  const flagKey = /(?:feature|Created|Deleted|Updated|for feature):\s*'?([^'\s]+)'?/i.exec(log)?.[1];
  if (!/^(?:FEATURE|FEATURE_STATE|EF_VERSION)$/.test(about) || flagKey === undefined)
    return { changes: [], alerts: [], unknown: [`audit ${about}`] };
  const author = asObject(data["author"]);
  const change = present<FlagChange>({
    id: `${tools.source}:${asText(data["related_object_uuid"]) ?? asText(data["related_object_id"]) ?? ""}:${tools.bodyHash()}`,
    occurredAt: asTime(data["created_date"]) ?? "",
    source: tools.source,
    flagSetId: tools.flagSet(
      asText(asObject(data["project"])["name"]),
      asText(asObject(data["environment"])["name"]),
    ),
    flagKey,
    action:
      /\bcreated\b/i.test(log) && about === "FEATURE"
        ? "created"
        : /\bdeleted\b/i.test(log)
          ? "deleted"
          : "updated",
    actor: {
      id: asText(author["email"]) ?? "flagsmith",
      type: asText(author["email"]) === undefined ? "system" : "user",
    },
    reason: log,
  });
  return { changes: [change], alerts: [], unknown: [] };
}
