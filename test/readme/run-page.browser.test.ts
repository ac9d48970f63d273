import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForBrowser } from "../browser/bundle.ts";
import { launchChromium } from "../browser/chromium.ts";
import { startControl, type TestControl } from "../control/start.ts";
import { listBlocks } from "./blocks.ts";
import { fillPlaceholders } from "./placeholders.ts";
import { startReceiver, type Receiver } from "./receiver.ts";
import { useOf } from "./typescript-blocks.ts";

let browser: Browser;
let control: TestControl;
let receiver: Receiver;
let site: Server;
let origin = "";
let script = "";

beforeAll(async () => {
  site = createServer((request, response) =>
    request.url === "/page.js"
      ? response.writeHead(200, { "content-type": "text/javascript" }).end(script)
      : response
          .writeHead(200, { "content-type": "text/html" })
          .end('<!doctype html><title>shop</title><script type="module" src="/page.js"></script>'),
  );
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  control = await startControl({ cors: { origins: [origin] } });
  receiver = await startReceiver();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await receiver.close();
  await new Promise((resolve) => {
    site.close(resolve);
    site.closeAllConnections();
  });
});

const pages = listBlocks("ts").flatMap(({ name, code }) => {
  const use = useOf(name);
  return use.kind === "page" ? [[name, { code, use }] as const] : [];
});

test.each(pages)("%s runs in a browser against a real control", async (_name, { code, use }) => {
  const surroundings = {
    control: control.url,
    pageKey: control.keys.evaluate,
    collector: receiver.url,
    folder: "/nowhere",
  };
  script = await bundleForBrowser({ text: `${fillPlaceholders(code, surroundings)}\n${use.after}` });
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(origin);
  await page
    .waitForFunction(() => (globalThis as unknown as { done?: boolean }).done === true, undefined, {
      timeout: 15_000,
    })
    .catch(() => errors.push("the page never came to its end"));
  expect(errors).toEqual([]);
  expect(await page.evaluate(() => (globalThis as unknown as { seen: unknown }).seen)).toEqual(use.sees);
  await page.close();
});

test("the flag under rollout that a page evaluated is told to the guard's endpoint", () => {
  expect(receiver.events).toContain("feature_flag.exposures");
});
