import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bundleForBrowser, gzippedBytes } from "../../browser/bundle.ts";
import { launchChromium } from "../../browser/chromium.ts";
import { targetingKey, unit } from "../../telemetry/page-flags.ts";
import { startSite } from "../../telemetry/web-page.ts";
import { installFolder, packPackages } from "../packed/install.ts";

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const patience = { timeout: 20_000, interval: 50 };

let browser: Browser;
let folder: string;
beforeAll(async () => {
  browser = await launchChromium();
  folder = installFolder(
    "web-otel-3",
    {
      "@openfeature/core": "1.12.0",
      "@openfeature/web-sdk": "1.10.0",
      "@opentelemetry/api": "1.10.0",
      "@opentelemetry/exporter-logs-otlp-http": "0.301.0",
      "@opentelemetry/exporter-trace-otlp-http": "0.301.0",
      "@opentelemetry/instrumentation": "0.300.0",
      "@opentelemetry/instrumentation-document-load": "0.69.0",
      "@opentelemetry/instrumentation-fetch": "0.300.0",
      "@opentelemetry/resources": "3.1.1",
      "@opentelemetry/sdk-logs": "3.1.1",
      "@opentelemetry/sdk-trace": "3.1.1",
      "web-vitals": "6.2.3",
    },
    packPackages(["telemetry"]),
  );
  copyFileSync(fileOf("apps/page-3.mjs"), join(folder, "page-3.mjs"));
  copyFileSync(fileOf("../../telemetry/page-flags.ts"), join(folder, "page-flags.ts"));
});
afterAll(async () => {
  await browser.close();
});

test("on OpenTelemetry JS 3.x page load, clicks, fetches and errors carry flags, session and browser", async () => {
  const site = await startSite(
    await bundleForBrowser({ file: join(folder, "page-3.mjs") }, { conditions: [] }),
  );
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`${error.name}: ${error.message}`));
  await page.goto(site.url, { waitUntil: "load" });
  for (const id of ["buy", "ok", "stock", "xhr"]) {
    await page.click(`#${id}`);
    await page.waitForTimeout(50);
  }
  await vi.waitUntil(() => site.spans.filter(({ name }) => name === "GET").length === 2, patience);
  // Left open: the browser ends what a closed page had still to send.
  await page.goto("about:blank");
  await vi.waitFor(() => {
    expect(site.spans.map(({ name }) => name).sort()).toEqual([
      "GET",
      "GET",
      "click",
      "click",
      "click",
      "click",
      "documentFetch",
      "documentLoad",
      "resourceFetch",
    ]);
    expect(site.logs.map(({ eventName, body }) => eventName ?? body)).toEqual(
      expect.arrayContaining(["feature_flag.evaluation", "page ready", "exception", "browser.web_vital"]),
    );
    expect(site.guard.map(({ eventName }) => eventName)).toEqual(
      expect.arrayContaining(["feature_flag.exposures", "feature_flag.outcome"]),
    );
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
  const outcomes = site.guard.filter(({ eventName }) => eventName === "feature_flag.outcome");
  expect(outcomes.map(({ attributes }) => attributes)).toMatchObject([
    {
      "feature_flag.context.id": unit,
      "feature_flag.outcome.kind": "error",
      "feature_flag.outcome.source": "browser",
      "error.type": "TypeError",
    },
  ]);
  expect(errors).toEqual(["TypeError: the cart is empty"]);
  expect(site.payloads.length).toBeGreaterThan(3);
  expect(site.payloads.filter((payload) => payload.includes(targetingKey))).toEqual([]);
});

test("the packed web entry is at most 6 kB after min and gzip, peers external", async () => {
  const bundle = await bundleForBrowser(
    { file: join(folder, "node_modules/@flagspan/telemetry/dist/web/index.js") },
    { conditions: [], minify: true, external: ["@openfeature/*", "@opentelemetry/*", "web-vitals"] },
  );
  expect(gzippedBytes(bundle)).toBeLessThanOrEqual(6_000);
});
