import { describeChange } from "@flagspan/ruleset/change";
import { createRequestSink, postJson, type RequestSinkOptions } from "./request-sink.ts";
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
  return createRequestSink(options, {
    defaultName: "grafana",
    render: (change) => [
      postJson(
        `${options.url.replace(/\/+$/, "")}/api/annotations`,
        { authorization: `Bearer ${options.token}` },
        {
          ...(options.dashboardUid === undefined ? {} : { dashboardUID: options.dashboardUid }),
          ...(options.panelId === undefined ? {} : { panelId: options.panelId }),
          time: Date.parse(change.occurredAt),
          tags: [
            "feature_flag.change",
            `flag:${change.flagKey}`,
            `set:${change.flagSetId}`,
            `action:${change.action}`,
            `source:${change.source}`,
            `change:${change.id}`,
          ],
          text: describeChange(change),
        },
      ),
    ],
  });
}
