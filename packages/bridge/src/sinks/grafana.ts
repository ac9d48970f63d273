import { describeChange } from "@flagspan/ruleset/change";
import { createRequestSink, type HttpPost, postJson, type RequestSinkOptions } from "./request-sink.ts";
import type { Sink } from "./sink.ts";

/** Which Grafana, and where the annotations show. */
export interface GrafanaSinkOptions extends RequestSinkOptions {
  readonly url: string;
  /** A service account token that may create annotations. */
  readonly token: string;
  /** One dashboard (and panel) only; without it the annotation is the organisation's, found by its tags. */
  readonly dashboardUid?: string;
  readonly panelId?: number;
}

/** Creates a sink of Grafana annotations; tags are `key:value`, as Grafana filters whole tags. */
export function grafanaSink(options: GrafanaSinkOptions): Sink {
  const annotate = (occurredAt: string, tags: readonly string[], text: string): HttpPost[] => [
    postJson(
      `${options.url.replace(/\/+$/, "")}/api/annotations`,
      { authorization: `Bearer ${options.token}` },
      {
        ...(options.dashboardUid === undefined ? {} : { dashboardUID: options.dashboardUid }),
        ...(options.panelId === undefined ? {} : { panelId: options.panelId }),
        time: Date.parse(occurredAt),
        tags,
        text,
      },
    ),
  ];
  return createRequestSink(options, {
    defaultName: "grafana",
    render: (change) =>
      annotate(
        change.occurredAt,
        [
          "feature_flag.change",
          `flag:${change.flagKey}`,
          `set:${change.flagSetId}`,
          `action:${change.action}`,
          `source:${change.source}`,
          `change:${change.id}`,
        ],
        describeChange(change),
      ),
    announce: ({ id, occurredAt, kind, flagKey, flagSetId, rolloutId, severity, sentence, url }) =>
      annotate(
        occurredAt,
        [
          "feature_flag.notification",
          `flag:${flagKey}`,
          `set:${flagSetId}`,
          `kind:${kind}`,
          `severity:${severity}`,
          `rollout:${rolloutId}`,
          `notification:${id}`,
        ],
        url === undefined ? sentence : `${sentence} ${url}`,
      ),
  });
}
