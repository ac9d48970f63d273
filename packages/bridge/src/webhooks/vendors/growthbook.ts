import type { FlagChange, FlagChangeAction } from "@flagspan/ruleset/change";
import { asList, asObject, asText, asTime, present } from "../fields.ts";
import { hexHmac } from "../signatures/hex-hmac.ts";
import { standardWebhooks } from "../signatures/standard-webhooks.ts";
import type { Fields, Reading, ReadingTools, Vendor } from "../vendor.ts";
import { readPayload } from "./growthbook-payload.ts";

const verifyEvent = hexHmac("x-growthbook-signature");
const verifyPayload = standardWebhooks("raw");

/**
 * GrowthBook's two kinds, told apart by their signature headers: event webhooks (who did what to one feature) and SDK webhooks (the whole
 * payload, see growthbook-payload.ts). Configure one of the two.
 */
export const growthbook: Vendor = {
  verify: (delivery, secrets) =>
    delivery.headers["webhook-signature"] === undefined
      ? verifyEvent(delivery, secrets)
      : verifyPayload(delivery, secrets),
  read(body, delivery, tools) {
    if (body["type"] === "payload.changed") return readPayload(body, delivery, tools);
    return readEvent(body, tools);
  },
};

function readEvent(body: Fields, tools: ReadingTools): Reading {
  const event = asText(body["event"]) ?? "no event";
  const data = asObject(body["data"]);
  const feature = asObject(data["object"]);
  const flagKey = asText(feature["id"]);
  if (!/^feature\.(?:created|updated|deleted)$/.test(event) || flagKey === undefined)
    return { changes: [], alerts: [], unknown: [event] };
  const revision = asObject(feature["revision"]);
  const before = asObject(data["previous_attributes"]);
  const environments = asList(body["environments"]).map(asText);
  const changes = (environments.length === 0 ? [undefined] : environments).map((environment): FlagChange =>
    present<FlagChange>({
      id: `${tools.source}:${tools.bodyHash()}:${environment ?? ""}`,
      occurredAt: asTime(body["created"]) ?? asTime(feature["dateUpdated"]) ?? "",
      source: tools.source,
      flagSetId: tools.flagSet(asText(feature["project"]), environment),
      flagKey,
      action: readAction(event, feature, before, environment),
      actor: readActor(body["user"]),
      reason: asText(revision["comment"]),
      revision: asText(revision["version"]),
    }),
  );
  return { changes, alerts: [], unknown: [] };
}

function readAction(
  event: string,
  now: Fields,
  before: Fields,
  environment: string | undefined,
): FlagChangeAction {
  if (event === "feature.created") return "created";
  if (event === "feature.deleted") return "deleted";
  if (before["archived"] !== undefined && before["archived"] !== now["archived"])
    return now["archived"] === true ? "archived" : "restored";
  const isEnabled = (state: Fields): unknown =>
    asObject(environment === undefined ? undefined : asObject(state["environments"])[environment])["enabled"];
  const was = isEnabled(before);
  const is = isEnabled(now);
  return was === undefined || was === is ? "updated" : is === true ? "enabled" : "disabled";
}

function readActor(value: unknown): FlagChange["actor"] {
  const user = asObject(value);
  const id = asText(user["email"]) ?? asText(user["name"]) ?? asText(user["apiKey"]);
  if (user["type"] === "dashboard") return { id: id ?? "growthbook user", type: "user" };
  // An API key is a secret even where it is only named: its kind is all that is told.
  if (user["type"] === "api_key") return { id: "growthbook api key", type: "api" };
  return { id: "growthbook", type: "system" };
}
