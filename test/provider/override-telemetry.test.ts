import { FlagspanProvider, httpSource } from "@flagspan/provider/server";
import { withOverrides } from "@flagspan/provider/testing";
import { SpanStatusCode } from "@opentelemetry/api";
import { OpenFeature } from "@openfeature/server-sdk";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRig, type Rig } from "../telemetry/rig.ts";
import { onOff, SmallControl } from "./small-control.ts";

let control: SmallControl;
let rig: Rig;
let provider: FlagspanProvider;
const metadata = { rollout: "r-1/10", rolloutTreatment: "on", rolloutControl: "off", rolloutSlowMs: "250" };

beforeEach(async () => {
  const flag = onOff("on", { metadata });
  control = await new SmallControl({ overridden: flag, plain: flag }).listen();
  rig = createRig();
  OpenFeature.addHooks(rig.telemetry.hook);
  const source = httpSource({ url: control.url, set: "shop" });
  provider = withOverrides(new FlagspanProvider({ source }), {
    flags: { overridden: false },
    enabled: true,
  });
  await OpenFeature.setProviderAndWait(provider);
});
afterEach(async () => {
  await OpenFeature.clearProviders();
  OpenFeature.clearHooks();
  await rig.close();
  await control.close();
});

const evaluations = [
  [
    "the client",
    async (key: string, context: { targetingKey: string }) =>
      OpenFeature.getClient().getBooleanDetails(key, true, context),
  ],
  [
    "evaluateSync",
    async (key: string, context: { targetingKey: string }) =>
      Promise.resolve(provider.evaluateSync(key, true, context)),
  ],
] as const;

test.each(evaluations)(
  "through %s, an overridden watched flag says OVERRIDE and is no exposure and no outcome, while its neighbour is both",
  async (_what, evaluate) => {
    await rig.tracer.startActiveSpan("request", { root: true }, async (span) => {
      const context = { targetingKey: "ann" };
      const overridden = await evaluate("overridden", context);
      expect(overridden).toMatchObject({ value: false, variant: "override", reason: "OVERRIDE" });
      expect(overridden.flagMetadata).toEqual({ flagSetId: "shop", version: "1", reason: "OVERRIDE" });
      expect((await evaluate("plain", context)).flagMetadata).toMatchObject({ rollout: "r-1/10" });
      span.recordException(new Error("boom"));
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    await rig.telemetry.forceFlush();
    const told = rig.sent.map(({ eventName, attributes }) => [eventName, attributes["feature_flag.key"]]);
    expect(new Set(told.map((one) => one.join(" ")))).toEqual(
      new Set(["feature_flag.exposures plain", "feature_flag.outcome plain"]),
    );
    expect(rig.bodies.join("")).not.toContain("overridden");
    // The span still says what the request was given.
    expect(rig.spans.getFinishedSpans()[0]?.attributes["feature_flags.overridden"]).toBe("override");
  },
);
