import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { bundleForBrowser } from "./bundle.ts";
import { launchChromium } from "./chromium.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
});

test("a module bundled in memory runs in a real Chromium", async () => {
  const page = await browser.newPage();
  const script = await bundleForBrowser({ text: `document.title = "ran in " + navigator.userAgent;` });
  await page.setContent(`<!doctype html><script type="module">${script}</script>`);
  expect(await page.title()).toMatch(/^ran in .*Chrome\//);
});
