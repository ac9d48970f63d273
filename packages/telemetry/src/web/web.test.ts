import { expect, test } from "vitest";
import { describeBrowser } from "./browser.ts";
import { PageScope } from "./page-scope.ts";
import { createWebFlagTelemetry } from "./web-flag-telemetry.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";

const entry = (key: string, more: Partial<FlagEntry> = {}): FlagEntry => ({
  key,
  variant: "on",
  reason: "static",
  source: "evaluation",
  sinceMs: 0,
  firstExposure: false,
  order: 0,
  ...more,
});

test.each([
  {
    userAgent:
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36 Edg/147.0.1",
    described: ["Edge", "147", "Windows"],
  },
  {
    userAgent:
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
    described: ["Safari", "18", "iOS"],
  },
  {
    userAgent:
      "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Mobile Safari/537.36",
    described: ["Chrome", "147", "Android"],
  },
  {
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
    described: ["Firefox", "150", "Linux"],
  },
  { userAgent: "curl/8.0", described: [undefined, undefined, undefined] },
])("$userAgent is $described", ({ userAgent, described }) => {
  const found = describeBrowser(userAgent);
  expect([found["user_agent.name"], found["user_agent.version"], found["user_agent.os.name"]]).toEqual(
    described,
  );
});

test("the next user of a page is not tagged with the flags of the one before", () => {
  const page = new PageScope();
  page.belongsTo("alice");
  page.record(entry("checkout"));
  page.belongsTo("bob");
  expect(page.entries()).toEqual([]);
});

test("the same answer again keeps the time of the first; another answer begins anew", () => {
  const page = new PageScope();
  page.record(entry("checkout", { sinceMs: 1 }));
  expect(page.record(entry("checkout", { sinceMs: 9 }))).toMatchObject({
    isNew: false,
    entry: { sinceMs: 1 },
  });
  expect(page.record(entry("checkout", { sinceMs: 9, variant: "off" }))).toMatchObject({
    isNew: true,
    entry: { sinceMs: 9 },
  });
});

test("a page full of constants makes room for a flag decided for its user, and for no further constant", () => {
  const page = new PageScope();
  for (let index = 0; index < 128; index += 1) page.record(entry(`constant-${index}`));
  expect(page.record(entry("another"))).toBeUndefined();
  expect(page.record(entry("decided", { reason: "targeting_match" }))).toBeDefined();
  expect(page.entries()).toHaveLength(128);
});

test("outside of a browser, as in server rendering, it does no harm and touches nothing", async () => {
  const { fetch } = globalThis;
  const telemetry = createWebFlagTelemetry();
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  evaluated({ flagKey: "checkout" }, { variant: "on" });
  expect(telemetry.activeFlags()).toEqual({ checkout: "on" });
  expect(globalThis.fetch).toBe(fetch);
  await telemetry.shutdown();
});
