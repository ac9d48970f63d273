import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForBrowser } from "../browser/bundle.ts";
import { launchChromium } from "../browser/chromium.ts";
import { startControl, type TestControl } from "../control/start.ts";
import { until } from "./until.ts";

let browser: Browser;
let site: Server;
let control: TestControl;
let origin = "";
let html = "";

beforeAll(async () => {
  site = createServer((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end(html),
  );
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  control = await startControl({ cors: { origins: [origin] } });
  const script = await bundleForBrowser({ file: new URL("page-react.ts", import.meta.url).pathname });
  const settings = JSON.stringify({ url: control.url, key: control.keys.evaluate });
  html = `<!doctype html><body></body><script>window.settings=${settings};window.process={env:{}}</script><script type="module">${script}</script>`;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => site.close(resolve));
});

const shown = (page: Page): Promise<string[]> =>
  page.evaluate(() => (globalThis as unknown as { shown: string[] }).shown ?? []);

async function open(context: BrowserContext): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(origin);
  return { page, errors };
}

test("a React page suspends until the flags are there, follows a kill, and never flashes a default on the second load", async () => {
  const context = await browser.newContext();
  const first = await open(context);
  await until("the flag is shown", async () => (await shown(first.page)).length >= 2);
  expect(await shown(first.page)).toEqual(["loading", "dark DEFAULT"]);

  const second = await open(context);
  await until(
    "the kept answer is shown",
    async () => (await shown(second.page)).at(-1)?.startsWith("dark") === true,
  );
  expect((await shown(second.page)).filter((text) => text.startsWith("light"))).toEqual([]);

  await context.route(`${control.url}/**`, (route) => route.abort());
  const offline = await open(context);
  await until("the kept answer is shown", async () => (await shown(offline.page)).at(-1) === "dark CACHED");
  expect((await shown(offline.page)).filter((text) => text.startsWith("light"))).toEqual([]);
  await offline.page.close();
  await context.unroute(`${control.url}/**`);

  await until("a page listens", async () => {
    const report = await control.ask("GET", "/v1/rulesets/shop.prod/applied");
    return ((await report.json()) as { connected: number }).connected >= 1;
  });
  const killed = await control.ask("POST", "/v1/flags/shop.prod/dark-mode/kill", {
    body: { reason: "incident 7" },
  });
  expect(killed.status).toBe(200);
  for (const { page } of [first, second]) {
    await until("the kill is shown", async () => (await shown(page)).at(-1)?.startsWith("light") === true);
  }

  const stored = await first.page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
  expect(stored).toContain("flagspan:");
  expect(stored).not.toContain("user-1");
  expect(stored).not.toContain(control.keys.evaluate);
  expect([...first.errors, ...second.errors, ...offline.errors]).toEqual([]);
  await context.close();
});
