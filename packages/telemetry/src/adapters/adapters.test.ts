import { afterEach, expect, test } from "vitest";
import type { FlagHook } from "../hook/flag-hook.ts";
import { FlagScope } from "../scope/flag-scope.ts";
import { registerScopeFinder } from "../scope/active-scope.ts";
import { datadogRumHook, sentryFlagProcessor, type SentryEventLike } from "./index.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** Ends evaluations as OpenFeature would. */
const evaluating = (hook: FlagHook): FlagHook["finally"] => hook.finally.bind(hook);

function inScope(flags: Readonly<Record<string, boolean | string>>): void {
  const scope = new FlagScope();
  for (const [key, value] of Object.entries(flags)) {
    const enabled = typeof value === "boolean" ? value : undefined;
    const rest = { source: "evaluation", sinceMs: 0, firstExposure: false, order: 0 } as const;
    scope.record({ key, variant: String(value), reason: "static", enabled, ...rest });
  }
  cleanups.push(registerScopeFinder(() => scope));
}

test("a Sentry event gets the boolean flags of the request, beside those it has", () => {
  inScope({ checkout: true, search: false, theme: "dark" });
  const event: SentryEventLike = {
    contexts: { flags: { values: [{ flag: "search", result: true }] }, os: { name: "x" } },
  };
  expect(sentryFlagProcessor()(event).contexts).toEqual({
    os: { name: "x" },
    flags: {
      values: [
        { flag: "search", result: true },
        { flag: "checkout", result: true },
      ],
    },
  });
});

test("an event outside of any request, or a frozen one, is handed on as it is", () => {
  expect(sentryFlagProcessor()({})).toEqual({});
  inScope({ checkout: true });
  expect(sentryFlagProcessor()(Object.freeze({ message: "boom" }))).toEqual({ message: "boom" });
});

test("Datadog RUM hears of the variant under a key that its search can read", () => {
  const heard: unknown[] = [];
  const evaluated = evaluating(datadogRumHook({ addFeatureFlagEvaluation: (...of) => heard.push(of) }));
  evaluated({ flagKey: "shop:new.check-out" }, { variant: "on", value: "secret" });
  evaluated({ flagKey: "plain" }, { value: true });
  evaluated({ flagKey: "object" }, { value: { secret: 1 } });
  evaluated({ flagKey: "unknown" }, { value: false, errorCode: "FLAG_NOT_FOUND" });
  expect(heard).toEqual([
    ["shop_new_check_out", "on"],
    ["plain", true],
  ]);
});

test("a RUM that throws harms no evaluation", () => {
  const evaluated = evaluating(
    datadogRumHook({
      addFeatureFlagEvaluation: () => {
        throw new Error("not initialised");
      },
    }),
  );
  expect(() => evaluated({ flagKey: "a" }, { variant: "on" })).not.toThrow();
});
