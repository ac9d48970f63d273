import { parseFlagChange, type FlagChange, type FlagChangeAction } from "@flagspan/ruleset/change";
import { asList, asText, asTime, present } from "../fields.ts";
import type { ChangeMapping } from "../change-mapping.ts";
import { standardWebhooks } from "../signatures/standard-webhooks.ts";
import type { Delivery } from "../signatures/verdict.ts";
import type { ReadingTools, Vendor } from "../vendor.ts";

const ownActions: ReadonlySet<string> = new Set<FlagChangeAction>([
  "created",
  "updated",
  "deleted",
  "enabled",
  "disabled",
  "rollout",
  "killed",
  "archived",
  "restored",
]);

/** Anything that can sign by Standard Webhooks: a FlagChange as it is (what our generic sink sends), or a body read by a mapping. */
export const generic: Vendor = {
  verify: standardWebhooks("base64"),
  read(body, delivery, tools) {
    const { mapping } = tools;
    if (mapping === undefined) {
      const parsed = parseFlagChange(body["data"] ?? body);
      if (parsed.ok) return { changes: [parsed.change], alerts: [], unknown: [] };
      const type = asText(body["type"]);
      const kind = type === undefined || type === "feature_flag.change" ? "a body" : `type ${type}`;
      return { changes: [], alerts: [], unknown: [`${kind} that is no FlagChange, and no mapping`] };
    }
    const roots = mapping.each === undefined ? [body] : asList(readPath(body, mapping.each));
    const read = roots.map((root, index) => readMapped(root, index, mapping, delivery, tools));
    const changes = read.filter((change) => change !== undefined);
    const isWhole = changes.length > 0 && changes.length === roots.length;
    return { changes, alerts: [], unknown: isWhole ? [] : ["a body without the mapped flagKey"] };
  },
};

function readMapped(
  root: unknown,
  index: number,
  mapping: ChangeMapping,
  delivery: Delivery,
  tools: ReadingTools,
): FlagChange | undefined {
  const read = (path: string | undefined): unknown => (path === undefined ? undefined : readPath(root, path));
  const flagKey = asText(read(mapping.flagKey));
  if (flagKey === undefined) return undefined;
  const actor = asText(read(mapping.actor));
  const id = asText(read(mapping.id)) ?? delivery.headers["webhook-id"] ?? tools.bodyHash();
  return present<FlagChange>({
    id: `${tools.source}:${id}:${index}:${flagKey}`,
    occurredAt: asTime(read(mapping.occurredAt)) ?? new Date(delivery.nowMs).toISOString(),
    source: tools.source,
    flagSetId: tools.flagSet(asText(read(mapping.project)), asText(read(mapping.environment))),
    flagKey,
    action: readAction(asText(read(mapping.action)), mapping),
    actor: { id: actor ?? tools.source, type: actor === undefined ? "system" : "user" },
    reason: asText(read(mapping.reason)),
    revision: asText(read(mapping.revision)),
    url: asText(read(mapping.url)),
  });
}

function readAction(word: string | undefined, mapping: ChangeMapping): FlagChangeAction {
  if (word === undefined) return "updated";
  const mapped =
    mapping.actions !== undefined && Object.hasOwn(mapping.actions, word) ? mapping.actions[word] : undefined;
  return mapped ?? (ownActions.has(word) ? (word as FlagChangeAction) : "updated");
}

function readPath(root: unknown, path: string): unknown {
  let value = root;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
