import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  defaultTextMapGetter,
  propagation,
} from "@opentelemetry/api";
import { afterEach, expect, test } from "vitest";

import { contract, violations } from "./contract.ts";
import { createRig, watched } from "./rig.ts";
import type { Rig, SentEvent } from "./rig.ts";

const unit = "kX9vQ2mT4nB7wYzE";
let rig: Rig;
afterEach(() => rig.close());

/** Every example's ids stand for any. */
const anyIds = ({ traceId, spanId, ...event }: SentEvent): unknown => ({
  ...event,
  ...(traceId === undefined ? {} : { traceId: expect.stringMatching(/^[0-9a-f]{32}$/u) as unknown }),
  ...(spanId === undefined ? {} : { spanId: expect.stringMatching(/^[0-9a-f]{16}$/u) as unknown }),
});

for (const name of ["evaluation", "outcome", "exposures", "applied"]) {
  test(`the examples of ${name}.json satisfy its schema`, () => {
    rig = createRig();
    expect(violations(name, contract(name).examples)).toEqual([]);
  });
}

test("the evaluation events sent are the examples of evaluation.json", () => {
  rig = createRig();
  rig.evaluate("dark-mode", watched(unit));
  rig.evaluate("page-size", {
    value: 20,
    variant: undefined,
    reason: "ERROR",
    errorCode: "TYPE_MISMATCH",
    errorMessage: "flag page-size is a string, a number was asked for",
  });
  const sent = rig.logs
    .getFinishedLogRecords()
    .map(({ eventName, attributes }) => ({ eventName: eventName ?? "", attributes: { ...attributes } }));
  expect(violations("evaluation", sent)).toEqual([]);
  expect(sent).toEqual(contract("evaluation").examples);
});

test("the outcomes sent are the server's examples of outcome.json", async () => {
  let now = 0;
  rig = createRig({ trustBaggage: true, clock: { nowMs: () => 1_800_000_000_000, monotonicMs: () => now } });
  rig.tracer.startActiveSpan("fails", (span) => {
    rig.evaluate("dark-mode", watched(unit));
    span.recordException(new TypeError("boom"));
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  rig.tracer.startActiveSpan("slow", (span) => {
    rig.evaluate("dark-mode", watched("slow-unit"));
    now += 300;
    span.end();
  });
  const carrier = {
    baggage: `feature_flag.context.id=${unit}2,feature_flags.dark-mode=on;rollout=r-42/2/treatment`,
  };
  const incoming = propagation.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  const server = rig.tracer.startSpan("checkout", { kind: SpanKind.SERVER }, incoming);
  server.setAttribute("http.response.status_code", 500);
  server.end();
  context.with(ROOT_CONTEXT, () =>
    rig.tracer.startActiveSpan("nobody", (span) => {
      rig.evaluate("dark-mode", watched(undefined));
      span.recordException(new TypeError("boom"));
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    }),
  );
  await rig.telemetry.forceFlush();
  const outcomes = rig.sent.filter(({ eventName }) => eventName === "feature_flag.outcome");
  expect(violations("outcome", outcomes)).toEqual([]);
  const [failed, slow, byBaggage, nobody] = contract("outcome").examples as readonly [
    SentEvent,
    SentEvent,
    SentEvent,
    SentEvent,
  ];
  const forUnit = (event: SentEvent, id: string): SentEvent => ({
    ...event,
    attributes: { ...event.attributes, "feature_flag.context.id": id },
  });
  expect(outcomes).toEqual(
    [failed, forUnit(slow, "slow-unit"), forUnit(byBaggage, `${unit}2`), nobody].map(anyIds),
  );
});

test("the exposures sent are the examples of exposures.json", async () => {
  rig = createRig();
  rig.evaluate("dark-mode", watched(unit));
  rig.evaluate("dark-mode", watched("Zp0cV5sR8uJ1hLdA"));
  rig.evaluate("dark-mode", watched("m3FhT7qWc2Ny9sKe", "off"));
  rig.evaluate("dark-mode", watched(unit));
  await rig.telemetry.forceFlush();
  expect(violations("exposures", rig.sent)).toEqual([]);
  expect(rig.sent).toEqual(contract("exposures").examples);
});
