import { logs, SeverityNumber } from "@opentelemetry/api-logs";
import { OpenFeature } from "@openfeature/server-sdk";
import { log, sendJson, serve, work } from "./http.ts";
import { readHeader, readShopper } from "./shopper.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings(process.env);
const flags = OpenFeature.getClient();
const audit = logs.getLogger("stock");

serve(
  {
    "POST /reservations": async (request, response) => {
      const order = readHeader(request, "x-request-id") ?? "";
      const cached = await flags.getBooleanValue("stock-cache", true, readShopper(request));
      await work(cached ? 3 : 12);
      audit.emit({ severityNumber: SeverityNumber.INFO, body: `order ${order} reserved` });
      log.info({ order }, "stock reserved");
      sendJson(response, 200, { order, reserved: true });
    },
  },
  settings.port,
);
