import { SpanStatusCode } from "@opentelemetry/api";
import { decodeLogs } from "@flagspan/bridge/otlp";
import { parseFastLaneEvent } from "@flagspan/guard";
import { afterEach, expect, test } from "vitest";

import { createRig, watched } from "./rig.ts";
import type { Rig } from "./rig.ts";

let rig: Rig;
afterEach(() => rig.close());

test("what the fast lane sends is decoded by the bridge and understood by the guard, word for word", async () => {
  rig = createRig({ resource: { "service.name": "checkout" } });
  rig.tracer.startActiveSpan("request", (span) => {
    rig.evaluate("dark-mode", watched("unit-1"));
    span.recordException(new TypeError("boom"));
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  await rig.telemetry.forceFlush();
  const decoded = rig.bodies.map((body) => decodeLogs(new TextEncoder().encode(body), "application/json"));
  expect(decoded).toMatchObject([{ ok: true }]);
  const records = decoded.flatMap((result) => (result.ok ? result.records : []));
  expect(records.map(({ resource }) => resource["service.name"])).toEqual(["checkout", "checkout"]);
  expect(records.map((record) => parseFastLaneEvent(record))).toMatchObject([
    {
      kind: "outcome",
      outcome: "error",
      source: "server",
      unit: "unit-1",
      errorType: "TypeError",
      variant: "on",
    },
    {
      kind: "exposures",
      flagKey: "dark-mode",
      rolloutId: "r-42",
      stage: "2",
      arm: "treatment",
      units: ["unit-1"],
      sample: 1,
    },
  ]);
  expect(records.every(({ timeUnixMs }) => Math.abs(timeUnixMs - Date.now()) < 60_000)).toBe(true);
  expect(records.map(({ traceId }) => traceId?.length).filter((length) => length !== undefined)).toEqual([
    32,
  ]);
});
