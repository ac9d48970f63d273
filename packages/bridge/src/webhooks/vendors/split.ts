import type { FlagChange, FlagChangeAction } from "@flagspan/ruleset/change";
import { asObject, asText, asTime, present } from "../fields.ts";
import { staticToken } from "../signatures/static-token.ts";
import type { Fields, Vendor } from "../vendor.ts";

/**
 * Split / Harness FME: the change webhook sends a flag's definition in one environment, the admin webhook an audit line. Neither is signed,
 * so the secret stands in the URL (`?token=`).
 */
export const split: Vendor = {
  verify: staticToken,
  read(body, _delivery, tools) {
    const type = asText(body["type"]);
    const flagKey = asText(body["name"]);
    if (type !== "split" || flagKey === undefined) {
      const kind =
        type === "audit_log" ? `audit ${asText(body["auditLogType"]) ?? ""}` : `type ${type ?? "missing"}`;
      return { changes: [], alerts: [], unknown: [kind] };
    }
    const environment = asText(body["environmentName"]);
    const revision = asText(body["changeNumber"]);
    const editor = asText(body["editor"]);
    const change = present<FlagChange>({
      id: `${tools.source}:${environment ?? ""}:${flagKey}:${revision ?? tools.bodyHash()}`,
      occurredAt: asTime(body["time"]) ?? "",
      source: tools.source,
      flagSetId: tools.flagSet(undefined, environment),
      flagKey,
      action: readAction(body),
      actor: { id: editor ?? "split", type: editor === undefined ? "system" : "user" },
      reason: asText(body["description"]),
      revision,
      previousRevision: asText(asObject(body["previous"])["changeNumber"]),
      url: asText(body["link"]),
    });
    return { changes: [change], alerts: [], unknown: [] };
  },
};

function readAction(body: Fields): FlagChangeAction {
  const previous = asText(asObject(body["previous"])["definition"]);
  const current = asText(body["definition"]);
  if (previous === undefined) return "created";
  if (current === undefined) return "deleted";
  // A definition is text such as `if user is in segment all then split 50:on,50:off`; only its shares may have moved.
  const withoutShares = (definition: string): string => definition.replaceAll(/\d+(?=\s*[:%])/g, "");
  return previous !== current && withoutShares(previous) === withoutShares(current) ? "rollout" : "updated";
}
