import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
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
  site = createServer((request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end(request.url === "/" ? html : "elsewhere"),
  );
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  control = await startControl({ cors: { origins: [origin] } });
  const settings = JSON.stringify({ url: control.url, key: control.keys.evaluate });
  const script = await bundleForBrowser({
    text: `
      import { FlagspanWebProvider } from "@flagspan/provider/web";
      import { OpenFeature } from "@openfeature/web-sdk";
      await OpenFeature.setContext({ targetingKey: "user-1" });
      await OpenFeature.setProviderAndWait(new FlagspanWebProvider(${settings}));
      globalThis.dark = () => OpenFeature.getClient().getBooleanValue("dark-mode", false);
    `,
  });
  html = `<!doctype html><body></body><script type="module">${script}</script>`;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => site.close(resolve));
});

const listeners = async (): Promise<number> => {
  const report = await control.ask("GET", "/v1/rulesets/shop.prod/applied");
  return ((await report.json()) as { connected: number }).connected;
};

test("a page that was offline has what changed meanwhile, by itself, and listens again", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const read = (): Promise<boolean | undefined> =>
    page.evaluate(() => (globalThis as unknown as { dark?: () => boolean }).dark?.());
  await page.goto(origin);
  await until("the flag is on", async () => (await read()) === true);
  await until("the page listens", async () => (await listeners()) === 1);
  await context.setOffline(true);
  // The server notices nothing of a network that is gone; a balancer in between ends such streams.
  await context.route(`${control.url}/**`, (route) => route.abort());
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await control.ask("POST", "/v1/flags/shop.prod/dark-mode/kill", { body: { reason: "incident 7" } });
  expect(await read()).toBe(true);
  await context.unroute(`${control.url}/**`);
  await context.setOffline(false);
  await until("the kill is seen", async () => (await read()) === false);
  await until("it listens", async () => (await listeners()) >= 1);
  await context.close();
  await until("nobody listens", async () => (await listeners()) === 0);
});
