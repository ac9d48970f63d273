import type { FlagChange, FlagChangeAction } from "@flagspan/ruleset/change";
import { asList, asObject, asText, asTime, present } from "../fields.ts";
import { idTimestampBody } from "../signatures/id-timestamp-body.ts";
import type { Vendor } from "../vendor.ts";

/**
 * ConfigCat: the body is the user's template; the one to paste is in this package's README. The time is that of the delivery, for the
 * template has none.
 */
export const configcat: Vendor = {
  verify: idTimestampBody,
  read(body, { headers }, tools) {
    const details = asList(body["changeDetails"]).map(asObject);
    const changedBy = asText(body["changedBy"]);
    const notes = asText(body["changeNotes"]);
    const changes: FlagChange[] = [];
    for (const detail of details) {
      const flagKey = asText(detail["settingKey"]);
      if (flagKey === undefined) continue;
      changes.push(
        present<FlagChange>({
          id: `${tools.source}:${headers["x-configcat-webhook-id"] ?? tools.bodyHash()}:${flagKey}`,
          occurredAt: asTime(headers["x-configcat-webhook-timestamp"]) ?? "",
          source: tools.source,
          flagSetId: tools.flagSet(asText(body["configName"]), asText(body["environmentName"])),
          flagKey,
          action: readAction(asText(detail["event"]) ?? "", asText(detail["details"]) ?? ""),
          actor: { id: changedBy ?? "configcat", type: changedBy === undefined ? "system" : "user" },
          reason: notes,
          url: asText(body["url"]),
        }),
      );
    }
    return { changes, alerts: [], unknown: changes.length === 0 ? ["a body without changeDetails"] : [] };
  },
};

function readAction(event: string, details: string): FlagChangeAction {
  if (/creat|add/i.test(event)) return "created";
  if (/delet|remov/i.test(event)) return "deleted";
  // `flag: false ➔ true` alone is a switch; with more lines it is an edit.
  const lines = details.split(/\r?\n/).filter((line) => line.trim() !== "");
  const turned = lines.length === 1 ? /➔\s*(true|false)\s*$/.exec(lines[0] ?? "")?.[1] : undefined;
  return turned === undefined ? "updated" : turned === "true" ? "enabled" : "disabled";
}
