import { describeChange, type FlagChange } from "@flagspan/ruleset/change";
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
    render: (change) => [postJson(options.url, {}, writeMessage(change))],
  });
}

function writeMessage(change: FlagChange): unknown {
  const sentence = fit(escape(describeChange(change)), 2900);
  const link =
    change.url === undefined || !/^https?:\/\/[^\s<>|]+$/.test(change.url) ? "" : ` <${change.url}|open>`;
  return {
    text: sentence,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: `${icons[change.action]} ${sentence}${link}` } },
      {
        type: "context",
        elements: [
          {
            type: "plain_text",
            text: fit(`${change.occurredAt} · ${change.source} · ${change.id}`, 2000),
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

/** Slack's three control characters. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
