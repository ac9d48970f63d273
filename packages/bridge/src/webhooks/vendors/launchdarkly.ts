import type { FlagChange, FlagChangeAction, FlagSummary } from "@flagspan/ruleset/change";
import { asList, asObject, asText, asTime, present } from "../fields.ts";
import { hexHmac } from "../signatures/hex-hmac.ts";
import type { Fields, Vendor } from "../vendor.ts";

/**
 * LaunchDarkly: an audit log entry per delivery, sent again once, in no order. The flag's key, project and environment stand in
 * resource strings (`proj/web:env/production:flag/dark-mode;tag`); `name` is only its display name.
 */
export const launchdarkly: Vendor = {
  verify: hexHmac("x-ld-signature"),
  read(entry, _delivery, tools) {
    const flags = readResources(entry);
    if (entry["kind"] !== "flag" || flags.length === 0)
      return { changes: [], alerts: [], unknown: [`kind ${asText(entry["kind"]) ?? "missing"}`] };
    const actions = new Set(
      asList(entry["accesses"]).map((access) => asText(asObject(access)["action"]) ?? ""),
    );
    const changes = flags.map(({ project, environment, flagKey }): FlagChange => {
      const previous = summarize(entry["previousVersion"], environment);
      const current = summarize(entry["currentVersion"], environment);
      return present<FlagChange>({
        id: `${tools.source}:${asText(entry["_id"]) ?? tools.bodyHash()}:${environment ?? ""}:${flagKey}`,
        occurredAt: asTime(entry["date"]) ?? "",
        source: tools.source,
        flagSetId: tools.flagSet(project, environment),
        flagKey,
        action: readAction(actions, asText(entry["titleVerb"]) ?? "", previous, current),
        actor: readActor(entry),
        reason: asText(entry["comment"]),
        revision: asText(asObject(entry["currentVersion"])["_version"]),
        previousRevision: asText(asObject(entry["previousVersion"])["_version"]),
        previous,
        current,
        url: readUrl(entry),
      });
    });
    return { changes, alerts: [], unknown: [] };
  },
};

interface FlagResource {
  readonly project: string;
  readonly environment: string | undefined;
  readonly flagKey: string;
}

function readResources(entry: Fields): readonly FlagResource[] {
  const texts = [
    ...asList(entry["accesses"]).map((access) => asObject(access)["resource"]),
    ...asList(asObject(entry["target"])["resources"]),
  ];
  const found = new Map<string, FlagResource>();
  for (const text of texts) {
    const match = /^proj\/([^:;]+)(?:;[^:]*)?(?::env\/([^:;]+)(?:;[^:]*)?)?:flag\/([^:;]+)/.exec(
      String(text),
    );
    const [, project, environment, flagKey] = match ?? [];
    if (project === undefined || flagKey === undefined) continue;
    found.set(`${project}/${environment ?? ""}/${flagKey}`, { project, environment, flagKey });
  }
  return [...found.values()];
}

function readAction(
  actions: ReadonlySet<string>,
  verb: string,
  previous: FlagSummary | undefined,
  current: FlagSummary | undefined,
): FlagChangeAction {
  if (actions.has("createFlag") || actions.has("cloneFlag")) return "created";
  if (actions.has("deleteFlag")) return "deleted";
  if (actions.has("updateGlobalArchived")) return /restor|unarchiv/i.test(verb) ? "restored" : "archived";
  if (actions.has("updateOn")) {
    const off = current === undefined ? /\boff\b/i.test(verb) : current.state === "DISABLED";
    return off ? "disabled" : "enabled";
  }
  return JSON.stringify(previous?.percentages) === JSON.stringify(current?.percentages)
    ? "updated"
    : "rollout";
}

function readActor(entry: Fields): FlagChange["actor"] {
  const member = asObject(entry["member"]);
  const email = asText(member["email"]) ?? asText(member["_id"]);
  if (email !== undefined) return { id: email, type: "user" };
  const token = asText(asObject(entry["token"])["name"]);
  if (token !== undefined) return { id: token, type: "api" };
  const app = asText(asObject(entry["app"])["name"]);
  return app === undefined ? { id: "launchdarkly", type: "system" } : { id: app, type: "automation" };
}

/** What the environment's own part of the flag says; without it nothing is claimed. */
function summarize(version: unknown, environment: string | undefined): FlagSummary | undefined {
  const flag = asObject(version);
  const environments = asObject(flag["environments"]);
  const settings = asObject(environment === undefined ? undefined : environments[environment]);
  if (typeof settings["on"] !== "boolean") return undefined;
  const names = asList(flag["variations"]).map((variation, index) => {
    const { name, value } = asObject(variation);
    return asText(name) ?? (typeof value === "boolean" ? String(value) : `variation ${index}`);
  });
  const fallthrough = asObject(settings["fallthrough"]);
  const served = settings["on"] ? fallthrough["variation"] : settings["offVariation"];
  const weights = asList(asObject(fallthrough["rollout"])["variations"]).map(asObject);
  const percentages = Object.fromEntries(
    weights.map(({ variation, weight }) => [
      names[Number(variation)] ?? String(variation),
      Number(weight) / 1000,
    ]),
  );
  return {
    state: settings["on"] ? "ENABLED" : "DISABLED",
    defaultVariant: typeof served === "number" ? (names[served] ?? null) : null,
    ...(weights.length === 0 ? {} : { percentages }),
  };
}

function readUrl(entry: Fields): string | undefined {
  const href = asText(asObject(asObject(entry["_links"])["site"])["href"]);
  return href?.startsWith("/") === true ? `https://app.launchdarkly.com${href}` : undefined;
}
