import type { LogRecord, Span } from "@flagspan/bridge/otlp";
import { describe, expect, test } from "vitest";
import type { Received } from "./collector.ts";
import { findMissing } from "./expectations.ts";
import { layOutTable } from "./narrator.ts";
import { summarize } from "./summary.ts";

const log = (part: Partial<LogRecord> & { readonly at: number }): LogRecord => ({
  resource: { "service.name": "storefront" },
  scope: { name: "test" },
  timeUnixMs: part.at,
  attributes: {},
  ...part,
});

const change = (at: number, action: string, flagKey = "dark-mode"): LogRecord =>
  log({
    at,
    eventName: "feature_flag.change",
    attributes: {
      "feature_flag.key": flagKey,
      "feature_flag.change.id": `${flagKey}-${action}`,
      "feature_flag.change.action": action,
    },
  });

const applied = (at: number, instance: string): LogRecord =>
  log({
    at,
    eventName: "feature_flag.applied",
    attributes: { "feature_flag.change.id": "dark-mode-killed", "service.instance.id": instance },
  });

const evaluated = (at: number, traceId: string): LogRecord =>
  log({
    at,
    traceId,
    eventName: "feature_flag.evaluation",
    attributes: { "feature_flag.key": "dark-mode", "feature_flags.dark-mode": "on" },
  });

const checkout = (
  end: number,
  traceId: string,
  variant: string | undefined,
  code: "error" | "unset" = "unset",
): Span => ({
  resource: { "service.name": "storefront" },
  scope: { name: "http" },
  traceId,
  spanId: `${traceId}-${end}`,
  name: "POST",
  kind: "server",
  startUnixMs: end - 50,
  endUnixMs: end,
  status: { code },
  attributes: {
    "http.request.method": "POST",
    ...(variant === undefined ? {} : { "feature_flags.dark-mode": variant }),
  },
  events: [],
  links: [],
});

const received = (spans: Span[], logs: LogRecord[]): Received => ({ spans, logs, refused: [] });

describe("the summary", () => {
  test("counts as untagged a span that ended after its trace's first evaluation without that flag", () => {
    const { spans } = summarize(
      received(
        [checkout(110, "a", "on"), checkout(120, "a", undefined), checkout(101, "a", undefined)],
        [evaluated(100, "a")],
      ),
      0,
    );
    expect(spans).toEqual({ total: 3, tagged: 1, eligible: 2, untaggedAfterEvaluation: 1 });
  });

  test("takes detection and propagation from the events received", () => {
    const summary = summarize(
      received(
        [],
        [
          change(1_000, "rollout"),
          change(9_000, "killed"),
          applied(9_040, "a"),
          applied(9_100, "b"),
          applied(9_900, "b"),
        ],
      ),
      7,
    );
    expect(summary).toMatchObject({
      changeEvents: 2,
      detectionMs: 8_000,
      decisionToAppliedMs: { p50: 40, max: 100, instances: 2 },
      unitsHarmed: 7,
      blamed: "dark-mode",
    });
  });

  test("compares the arms between the change and the last acknowledgement, and everybody before and after", () => {
    const spans = [
      checkout(500, "b1", "off"),
      checkout(2_000, "d1", "on", "error"),
      checkout(2_001, "d2", "on"),
      checkout(2_002, "d3", "off"),
      checkout(9_500, "a1", "off"),
    ];
    const summary = summarize(
      received(spans, [change(1_000, "rollout"), change(9_000, "killed"), applied(9_100, "a")]),
      1,
    );
    expect(summary.errorRateBefore).toBe(0);
    expect(summary.errorRateDuring).toEqual({ treatment: 0.5, control: 0 });
    expect(summary.errorRateAfter).toBe(0);
  });

  test("names every flag that was killed, so that a wrong one shows", () => {
    const summary = summarize(
      received([], [change(1, "rollout"), change(2, "killed"), change(3, "killed", "new-search")]),
      0,
    );
    expect(summary.blamed).toBe("dark-mode,new-search");
    expect(findMissing(summary, "dark-mode").join()).toContain("dark-mode alone was killed");
    expect(findMissing(summary, "none").join()).toContain("no flag was killed");
  });
});

test("a table puts names to the left and figures to the right", () => {
  expect(
    layOutTable(
      ["", "n"],
      [
        ["on", "12"],
        ["off", "7"],
      ],
    ),
  ).toEqual(["       n", "────────", "on    12", "off    7"]);
});
