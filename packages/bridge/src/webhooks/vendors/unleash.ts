import type { FlagChange, FlagChangeAction } from "@flagspan/ruleset/change";
import { asObject, asText, asTime, present } from "../fields.ts";
import { staticToken } from "../signatures/static-token.ts";
import type { Fields, Vendor } from "../vendor.ts";

/** Events that change what users get. Names, tags, staleness and change requests do not; they are counted as unknown. */
const actions: ReadonlyMap<string, FlagChangeAction> = new Map([
  ["feature-created", "created"],
  ["feature-updated", "updated"],
  ["feature-archived", "archived"],
  ["feature-revived", "restored"],
  ["feature-deleted", "deleted"],
  ["feature-environment-enabled", "enabled"],
  ["feature-environment-disabled", "disabled"],
  ["feature-strategy-add", "updated"],
  ["feature-strategy-update", "updated"],
  ["feature-strategy-remove", "updated"],
  ["feature-variants-updated", "updated"],
  ["feature-environment-variants-updated", "updated"],
]);

/** Unleash: the raw event of the webhook integration, without a body template; its `Authorization` is compared as it is. */
export const unleash: Vendor = {
  verify: staticToken,
  read(event, _delivery, tools) {
    const type = asText(event["type"]) ?? "no type";
    const action = actions.get(type);
    const flagKey = asText(event["featureName"]);
    if (action === undefined || flagKey === undefined) return { changes: [], alerts: [], unknown: [type] };
    const createdBy = asText(event["createdBy"]) ?? "unleash";
    const change = present<FlagChange>({
      id: `${tools.source}:${asText(event["id"]) ?? tools.bodyHash()}`,
      occurredAt: asTime(event["createdAt"]) ?? "",
      source: tools.source,
      flagSetId: tools.flagSet(asText(event["project"]), asText(event["environment"])),
      flagKey,
      action: type === "feature-strategy-update" && isRolloutMoved(event) ? "rollout" : action,
      actor: { id: createdBy, type: Number(event["createdByUserId"] ?? 0) > 0 ? "user" : "system" },
      reason: asText(event["label"]),
    });
    return { changes: [change], alerts: [], unknown: [] };
  },
};

function isRolloutMoved(event: Fields): boolean {
  const rollout = (state: unknown): string | undefined =>
    asText(asObject(asObject(state)["parameters"])["rollout"]);
  return rollout(event["preData"]) !== rollout(event["data"]);
}
