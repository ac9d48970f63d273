import { logs, SeverityNumber } from "@opentelemetry/api-logs";
import { OpenFeature } from "@openfeature/server-sdk";
import { activeFlags } from "@flagspan/telemetry";
import { drawLot } from "./chance.ts";
import { log, sendJson, serve, work } from "./http.ts";
import { readHeader, readShopper } from "./shopper.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings(process.env);
const flags = OpenFeature.getClient();
const audit = logs.getLogger("checkout");

/** The share of everybody's orders that the payment provider declines, flags or no flags. */
const alwaysFailing = 0.003;
/** The share of orders from the dark theme that the bug breaks. */
const brokenByDarkMode = 0.05;

serve(
  {
    "POST /orders": async (request, response) => {
      const order = readHeader(request, "x-request-id") ?? "";
      const provider = await flags.getStringValue("payment-provider", "classic-pay", readShopper(request));
      audit.emit({ severityNumber: SeverityNumber.INFO, body: `order ${order} taken` });
      const reserved = await fetch(`${settings.downstreamUrl}/reservations`, {
        method: "POST",
        headers: { "x-request-id": order, "x-user-id": readHeader(request, "x-user-id") ?? "anonymous" },
      });
      await reserved.arrayBuffer();
      await work(8);
      // The bug: the dark theme's form posts the amount as text. This service never evaluated the flag; it learns of it by baggage.
      const dark = activeFlags()["dark-mode"] === "on" && settings.incident === "dark-mode";
      const broken = dark && drawLot(`bug ${order}`) < brokenByDarkMode;
      if (broken || drawLot(`declined ${order}`) < alwaysFailing) {
        log.error({ order, provider }, broken ? "amount is not a number" : "payment declined");
        sendJson(response, 500, { error: "payment failed" });
        return;
      }
      log.info({ order, provider }, "order placed");
      sendJson(response, 200, { order, provider });
    },
  },
  settings.port,
);
