import { describeChange, type FlagChange } from "@flagspan/ruleset/change";
import type { NotificationSeverity } from "../notifications/notification.ts";
import { createRequestSink, fit, postJson, type RequestSinkOptions } from "./request-sink.ts";
import type { Sink } from "./sink.ts";

/** Which Slack channel. */
export interface SlackSinkOptions extends RequestSinkOptions {
  /** An incoming webhook. The URL is the secret: it is never part of a reason or a status. */
  readonly url: string;
}

/** Creates a sink of messages in a Slack channel. Names and reasons are text, never markup: nobody is pinged by a flag's key. */
export function slackSink(options: SlackSinkOptions): Sink {
  return createRequestSink(options, {
    defaultName: "slack",
    render: (change) => [
      postJson(
        options.url,
        {},
        writeMessage({
          icon: icons[change.action],
          sentence: describeChange(change),
          url: change.url,
          small: `${change.occurredAt} · ${change.source} · ${change.id}`,
        }),
      ),
    ],
    announce: (notification) => [
      postJson(
        options.url,
        {},
        writeMessage({
          icon: severityIcons[notification.severity],
          sentence: notification.sentence,
          url: notification.url,
          small: [
            notification.occurredAt,
            `${notification.flagSetId}/${notification.flagKey}`,
            notification.kind,
            ...Object.entries(notification.evidence ?? {}).map(([name, value]) => `${name} ${value}`),
          ].join(" · "),
        }),
      ),
    ],
  });
}

interface Message {
  readonly icon: string;
  readonly sentence: string;
  readonly url: string | undefined;
  /** The line below. */
  readonly small: string;
}

function writeMessage({ icon, sentence, url, small }: Message): unknown {
  const text = fit(escape(sentence), 2900);
  const link = url === undefined || !/^https?:\/\/[^\s<>|]+$/.test(url) ? "" : ` <${url}|open>`;
  return {
    text,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: `${icon} ${text}${link}` } },
      {
        type: "context",
        elements: [
          {
            type: "plain_text",
            text: fit(small, 2000),
            emoji: false,
          },
        ],
      },
    ],
  };
}

const icons: Readonly<Record<FlagChange["action"], string>> = {
  created: ":new:",
  updated: ":pencil2:",
  deleted: ":wastebasket:",
  enabled: ":large_green_circle:",
  disabled: ":white_circle:",
  rollout: ":chart_with_upwards_trend:",
  killed: ":octagonal_sign:",
  archived: ":package:",
  restored: ":leftwards_arrow_with_hook:",
};

const severityIcons: Readonly<Record<NotificationSeverity, string>> = {
  info: ":information_source:",
  warning: ":warning:",
  critical: ":rotating_light:",
};

/** Slack's three control characters. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
