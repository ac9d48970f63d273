import { describeChange, type FlagChange } from "@flagspan/ruleset/change";
import type { HttpAnswer } from "../http/sender.ts";
import { createRequestSink, fit, postJson, servicesOf, type RequestSinkOptions } from "./request-sink.ts";
import type { Sink } from "./sink.ts";

/** Which New Relic account. A change is told once for each service of the flag; without services there is nothing to attach it to. */
export interface NewRelicSinkOptions extends RequestSinkOptions {
  /** A user key. */
  readonly apiKey: string;
  /** `https://api.newrelic.com/graphql` by default; the EU's is `https://api.eu.newrelic.com/graphql`. */
  readonly url?: string;
  readonly services: Readonly<Record<string, readonly string[]>>;
}

/** The backend takes the last 24 hours. */
const maxAgeMs = 24 * 3_600_000;

const mutation = `mutation($event: ChangeTrackingCreateEventInput!) {
  changeTrackingCreateEvent(changeTrackingEvent: $event) { changeTrackingEvent { changeTrackingId } messages }
}`;

/** Creates a sink of New Relic change tracking events (NerdGraph `changeTrackingCreateEvent`, category feature flag). */
export function newRelicSink(options: NewRelicSinkOptions): Sink {
  const url = options.url ?? "https://api.newrelic.com/graphql";
  return createRequestSink(options, {
    defaultName: "new-relic",
    maxAgeMs,
    findFailure,
    render: (change) =>
      servicesOf(options, change).map((service) =>
        postJson(
          url,
          { "api-key": options.apiKey },
          { query: mutation, variables: { event: writeEvent(change, service) } },
        ),
      ),
  });
}

function writeEvent(change: FlagChange, service: string): unknown {
  const sentence = describeChange(change);
  return {
    categoryAndTypeData: {
      categoryFields: { featureFlag: { featureFlagId: change.flagKey } },
      kind: { category: "FEATURE_FLAG", type: "BASIC" },
    },
    entitySearch: {
      query: `name = '${service.replaceAll(/['\\]/g, String.raw`\$&`)}' AND domain = 'EXT' AND type = 'SERVICE'`,
    },
    user: change.actor.id,
    shortDescription: fit(sentence, 200),
    description: fit(sentence, 4000),
    groupId: `${change.flagSetId}/${change.flagKey}`,
    timestamp: Date.parse(change.occurredAt),
    customAttributes: {
      flagSetId: change.flagSetId,
      changeId: change.id,
      changeAction: change.action,
      changeSource: change.source,
      ...(change.revision === undefined ? {} : { flagRevision: change.revision }),
    },
  };
}

/** GraphQL says 200 to everything; errors stand in the body. */
function findFailure(answer: HttpAnswer): string | undefined {
  try {
    const body = JSON.parse(answer.body) as { errors?: readonly { message?: string }[] };
    const first = body.errors?.[0];
    return first === undefined ? undefined : fit(first.message ?? "a GraphQL error", 300);
  } catch {
    return "the answer is not JSON";
  }
}
