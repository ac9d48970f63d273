import { expect, test } from "vitest";
import { readSinks } from "./read-sinks.ts";

test("sinks are read with their secrets from the environment", () => {
  const document = [
    { kind: "otlp", endpoint: "http://collector:4318" },
    { kind: "grafana", url: "https://grafana.example", token: "${GRAFANA_TOKEN}" },
    { kind: "datadog", apiKey: "${DD_API_KEY}", services: { "*": ["checkout"] } },
    { kind: "dynatrace", url: "https://a.live.dynatrace.com", token: "x" },
    { kind: "new-relic", apiKey: "x", services: { "*": ["checkout"] } },
    { kind: "sentry", url: "https://sentry.io/hook", secret: "x" },
    { kind: "slack", url: "${SLACK_URL}" },
    {
      kind: "webhook",
      name: "mirror",
      url: "https://b.example",
      secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    },
  ];
  const env = { GRAFANA_TOKEN: "g", DD_API_KEY: "d", SLACK_URL: "https://hooks.slack.com/services/x" };
  const read = readSinks(document, env);
  expect(read.ok ? read.sinks.map(({ name }) => name) : read.problems).toEqual([
    "otlp",
    "grafana",
    "datadog",
    "dynatrace",
    "new-relic",
    "sentry",
    "slack",
    "mirror",
  ]);
});

test("every problem is told, and no value", () => {
  const document = [
    { kind: "pager" },
    { kind: "slack", url: "${SLACK_URL}" },
    { kind: "grafana", url: "https://grafana.example" },
    { kind: "otlp", endpoint: "TOPSECRET" },
    { kind: "webhook", url: "https://b.example", secret: "whsec_c2hvcnQ=" },
    null,
  ];
  const read = readSinks(document, {});
  expect(read).toEqual({
    ok: false,
    problems: [
      "sink 0 needs a kind: otlp, grafana, datadog, dynatrace, new-relic, sentry, slack, webhook.",
      "sink 1 (slack): url names SLACK_URL, which is not set.",
      "sink 1 (slack): url is missing.",
      "sink 2 (grafana): token is missing.",
      "sink 3 (otlp): an option is unusable.",
      "sink 4 (webhook): a webhook sink's secret is `whsec_` and 24 to 64 random bytes in base64.",
      "sink 5 needs a kind: otlp, grafana, datadog, dynatrace, new-relic, sentry, slack, webhook.",
    ],
  });
  expect(readSinks({}, {})).toEqual({ ok: false, problems: ["the sinks are a list."] });
});
