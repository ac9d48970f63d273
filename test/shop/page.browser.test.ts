import { fork, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { createControl, createKey, openMemoryStore, type Control, type Store } from "@flagspan/control";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../browser/chromium.ts";

const shop = (path: string): string => fileURLToPath(new URL(`../../examples/shop/${path}`, import.meta.url));
const set = "shop.prod";
let store: Store;
let control: Control;
let storefront: ChildProcess;
let browser: Browser;
let pageUrl: string;
let person: string;

beforeAll(async () => {
  const port = await findFreePort();
  pageUrl = `http://127.0.0.1:${port}`;
  store = await openMemoryStore();
  control = createControl({ store, cors: { origins: [pageUrl] } });
  const { url } = await control.listen({ port: 0 });
  const key = async (scopes: "write" | "sync" | "telemetry" | "evaluate" | "admin"): Promise<string> =>
    (await createKey(store, { name: scopes, scopes: [scopes], sets: ["*"], actorType: "user" })).token;
  person = await key("write");
  await call("PUT", `/v1/rulesets/${set}`, await key("admin"), {
    ruleset: JSON.parse(await readFile(shop("flags.json"), "utf8")) as unknown,
    reason: "the test opens the shop",
  });
  storefront = fork(shop("dist/services/storefront.js"), [], {
    execArgv: ["--import", shop("dist/services/instrumentation.js")],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: {
      PATH: process.env["PATH"] ?? "",
      OTEL_SERVICE_NAME: "storefront",
      OTEL_METRICS_EXPORTER: "none",
      // Nobody listens there: what cannot be exported must not disturb the page.
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      FLAGSPAN_URL: url,
      FLAGSPAN_SET: set,
      FLAGSPAN_SYNC_KEY: await key("sync"),
      FLAGSPAN_TELEMETRY_KEY: await key("telemetry"),
      FLAGSPAN_WEB_KEY: await key("evaluate"),
      PORT: String(port),
    },
  });
  await new Promise((resolve, reject) => {
    storefront.once("message", resolve);
    storefront.once("exit", (code) => reject(new Error(`the storefront ended with ${code}`)));
  });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  storefront?.kill("SIGKILL");
  await control?.close();
  await store?.close();
});

test("the page turns dark without a reload when its flag changes, and has heard no rule", async () => {
  const page = await browser.newPage();
  const heard: string[] = [];
  page.on("response", (response) => {
    void response.text().then(
      (text) => heard.push(text),
      () => undefined,
    );
  });
  await page.goto(pageUrl);
  await page.waitForSelector('html[data-theme="light"]');
  await call("PATCH", `/v1/flags/${set}/dark-mode`, person, {
    flag: { defaultVariant: "on" },
    reason: "dark for everybody",
  });
  await page.waitForSelector('html[data-theme="dark"]');
  expect(heard.length).toBeGreaterThan(2);
  for (const text of heard) expect(text).not.toMatch(/fractional|eu-customers|SHOP-101|team-web/);
  await page.close();
});

async function call(method: string, path: string, key: string, body: unknown): Promise<void> {
  const request = new Request(`http://control.test${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const response = await control.fetch(request);
  if (!response.ok)
    throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
