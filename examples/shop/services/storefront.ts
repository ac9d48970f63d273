import { readFile } from "node:fs/promises";
import { logs, SeverityNumber } from "@opentelemetry/api-logs";
import { OpenFeature } from "@openfeature/server-sdk";
import { log, sendJson, serve, work } from "./http.ts";
import { drawLot } from "./chance.ts";
import { readHeader, readShopper } from "./shopper.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings(process.env);
const flags = OpenFeature.getClient();
const audit = logs.getLogger("storefront");
const page = new URL("../../page/", import.meta.url);

/** How long the server works on a page, before any flag slows it down. */
const pageMs = 40;

serve(
  {
    "GET /": async (_request, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(await readFile(new URL("index.html", page)));
    },
    "GET /page.js": async (_request, response) => {
      response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" });
      response.end(await readFile(new URL("../dist/page/bundle.js", page)));
    },
    "GET /config.json": async (_request, response) => {
      sendJson(response, 200, { url: settings.controlUrl, key: settings.webKey, set: settings.flagSet });
    },
    "GET /api/products": async (request, response) => {
      const shopper = readShopper(request);
      const dark = await flags.getBooleanValue("dark-mode", false, shopper);
      const search = await flags.getObjectValue("search-tuning", {}, shopper);
      const recommendations = await flags.getNumberValue("recommendation-count", 3, shopper);
      const newSearch = await flags.getBooleanValue("new-search", false, shopper);
      log.info({ path: "/api/products" }, "rendering products");
      const lot = drawLot(`page ${readHeader(request, "x-request-id")}`);
      const usual = pageMs * (0.75 + 0.5 * lot);
      // The bug: the dark theme repaints every product twice.
      await work(dark && settings.incident === "dark-mode" ? usual * 1.3 : usual);
      sendJson(response, 200, { theme: dark ? "dark" : "light", search, recommendations, newSearch });
    },
    "POST /api/checkout": async (request, response) => {
      const shopper = readShopper(request);
      await flags.getBooleanValue("dark-mode", false, shopper);
      await flags.getBooleanValue("express-checkout", false, shopper);
      audit.emit({ severityNumber: SeverityNumber.INFO, body: "checkout started" });
      const answer = await fetch(`${settings.downstreamUrl}/orders`, {
        method: "POST",
        headers: forwarded(request.headers),
      });
      const body = await answer.text();
      if (!answer.ok) {
        log.error({ status: answer.status }, "checkout failed");
        sendJson(response, 502, { error: "the order did not go through" });
        return;
      }
      log.info("checkout done");
      response.writeHead(200, { "content-type": "application/json" });
      response.end(body);
    },
  },
  settings.port,
);

/** The shopper's own headers, for the next service. */
function forwarded(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string] => entry[0].startsWith("x-") && typeof entry[1] === "string",
    ),
  );
}
