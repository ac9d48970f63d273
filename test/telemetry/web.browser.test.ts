import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bundleForBrowser } from "../browser/bundle.ts";
import { launchChromium } from "../browser/chromium.ts";
import { violations } from "./contract.ts";
import { targetingKey, unit } from "./page-flags.ts";
import { startSite, type Site } from "./web-page.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
});

const fileOf = (name: string): string => new URL(name, import.meta.url).pathname;
/** A browser tells of an interaction's duration, and OpenTelemetry of a fetch, some 300 ms later. */
const lingerMs = 500;
const patience = { timeout: 20_000, interval: 50 };

/** Opens the page, clicks each button, leaves the page, and answers what the page itself saw go wrong. */
async function visit(
  site: Site,
  clicks: readonly string[],
  isSettled: () => boolean = () => true,
): Promise<readonly string[]> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`${error.name}: ${error.message}`));
  await page.goto(site.url, { waitUntil: "load" });
  for (const id of clicks) {
    await page.click(`#${id}`);
    await page.waitForTimeout(50);
  }
  await page.waitForTimeout(lingerMs);
  await vi.waitUntil(isSettled, patience);
  // Left open: the browser ends what a closed page had still to send.
  await page.goto("about:blank");
  return errors;
}

test("page load, a click that fails and a fetch carry flags, session and browser to an OTLP receiver", async () => {
  const site = await startSite(await bundleForBrowser({ file: fileOf("page-with-sdk.ts") }));
  const errors = await visit(
    site,
    ["buy", "ok", "stock"],
    () => site.spans.filter(({ name }) => name === "GET").length === 2,
  );
  await vi.waitFor(() => {
    expect(site.spans.map(({ name }) => name).sort()).toEqual([
      "GET",
      "GET",
      "click",
      "click",
      "click",
      "documentFetch",
      "documentLoad",
      "resourceFetch",
    ]);
    expect(site.logs.map(({ eventName, body }) => eventName ?? body)).toEqual(
      expect.arrayContaining(["page ready", "exception", "browser.web_vital"]),
    );
    expect(site.guard.map(({ eventName }) => eventName)).toContain("feature_flag.outcome");
  }, patience);
  await site.close();

  const carried = {
    "feature_flags.checkout": "on",
    "feature_flags.theme": "dark",
    "session.id": site.logs[0]?.attributes["session.id"],
    "user_agent.name": "Chrome",
    "user_agent.os.name": "Linux",
  };
  expect(carried["session.id"]).toMatch(/^[0-9a-f]{32}$/u);
  for (const { attributes } of site.spans) expect(attributes).toMatchObject(carried);
  for (const { eventName, attributes } of site.logs) {
    const { "feature_flags.theme": _theme, ...first } = carried;
    expect(attributes).toMatchObject(eventName === "feature_flag.evaluation" ? first : carried);
  }
  const thrown = site.logs.find(({ eventName }) => eventName === "exception");
  expect(thrown?.attributes).toMatchObject({
    "exception.type": "TypeError",
    "exception.message": "the cart is empty",
  });
  expect(errors).toEqual(["TypeError: the cart is empty"]);
});

test("errors, failed requests, slow loads and slow interactions are signals of the browser, once per user", async () => {
  const site = await startSite(await bundleForBrowser({ file: fileOf("page-without-sdk.ts") }));
  const errors = await visit(site, ["buy", "stock", "stock", "ok"]);
  const outcomes = () =>
    site.guard
      .filter(({ eventName }) => eventName === "feature_flag.outcome")
      .map(({ attributes }) => attributes)
      .map((of) => [of["feature_flag.outcome.kind"], of["feature_flag.outcome.bound_ms"], of["error.type"]]);
  await vi.waitFor(() => {
    expect(outcomes()).toEqual(
      expect.arrayContaining([
        ["slow", 1, undefined],
        ["slow", 10, undefined],
        ["error", undefined, "503"],
      ]),
    );
    expect(site.guard.map(({ eventName }) => eventName)).toContain("browser.web_vital");
  }, patience);
  await site.close();

  expect(outcomes()).toHaveLength(3);
  expect(errors).toEqual(["RangeError: never caught"]);
  const exposures = site.guard.filter(({ eventName }) => eventName === "feature_flag.exposures");
  expect(exposures.map(({ attributes }) => attributes["feature_flag.exposures.units"])).toEqual([[unit]]);
  const wire = (event: string) =>
    site.guard
      .filter(({ eventName }) => eventName === event)
      .map(({ attributes }) => ({ eventName: event, attributes }));
  expect(violations("outcome", wire("feature_flag.outcome"))).toEqual([]);
  expect(violations("exposures", wire("feature_flag.exposures"))).toEqual([]);
  for (const { eventName, attributes, resource } of site.guard) {
    expect(resource).toMatchObject({ "service.name": "shop-page", "user_agent.name": "Chrome" });
    expect(resource["session.id"]).toMatch(/^[0-9a-f]{32}$/u);
    const own = eventName?.startsWith("feature_flag.") ?? false;
    expect(attributes).toMatchObject(
      own
        ? {
            "feature_flag.key": "checkout",
            "feature_flag.outcome.source": "browser",
            "feature_flag.set.id": "shop.test",
          }
        : { "feature_flags.checkout": "on" },
    );
  }
});

test.each([
  { way: "broken", errorTypes: ["503"], seen: ["load 503"] },
  { way: "gone", errorTypes: ["NetworkError"], seen: ["error 0"] },
  { way: "ok", errorTypes: [], seen: ["load 200"] },
  { way: "abort", errorTypes: [], seen: ["abort 0"] },
  { way: "export", errorTypes: [], seen: ["load 503"] },
])(
  "of an XMLHttpRequest that ends as $way the outcomes are $errorTypes, and the page sees $seen",
  async (story) => {
    const site = await startSite(await bundleForBrowser({ file: fileOf("page-xhr.ts") }));
    const page = await browser.newPage();
    await page.goto(`${site.url}/?way=${story.way}`);
    await page.waitForFunction(() => document.title.startsWith("["));
    expect(JSON.parse(await page.title())).toEqual(story.seen);
    await page.goto("about:blank");
    await vi.waitFor(
      () => expect(site.guard.map(({ eventName }) => eventName)).toContain("feature_flag.exposures"),
      patience,
    );
    await page.close();
    await site.close();
    const outcomes = site.guard.filter(({ eventName }) => eventName === "feature_flag.outcome");
    expect(
      outcomes.map(({ attributes }) => [attributes["error.type"], attributes["feature_flag.outcome.source"]]),
    ).toEqual(story.errorTypes.map((type) => [type, "browser"]));
    const events = outcomes.map(({ attributes }) => ({ eventName: "feature_flag.outcome", attributes }));
    expect(events.length === 0 ? [] : violations("outcome", events)).toEqual([]);
  },
);

test("the user's targeting key is in nothing that a page sends", async () => {
  for (const name of ["page-with-sdk.ts", "page-without-sdk.ts"]) {
    const site = await startSite(await bundleForBrowser({ file: fileOf(name) }));
    await visit(site, ["buy", "stock", "ok"]);
    await vi.waitFor(() => expect(site.guard.length).toBeGreaterThan(1), patience);
    await site.close();
    expect(site.payloads.filter((payload) => payload.includes(targetingKey))).toEqual([]);
  }
});

test("a page whose every hand-made part is broken works as if nothing watched it", async () => {
  const site = await startSite(await bundleForBrowser({ file: fileOf("page-hostile.ts") }));
  const page = await browser.newPage();
  const errors: Error[] = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.goto(site.url);
  await page.waitForFunction(() => document.title.startsWith("{"));
  const seen = JSON.parse(await page.title()) as unknown;
  await page.close();
  await site.close();
  expect(errors).toEqual([]);
  expect(seen).toEqual({ value: true, answer: 200, refused: 503, flags: { checkout: "on", theme: "dark" } });
});
