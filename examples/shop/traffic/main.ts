import { Agent, request } from "undici";
import { drawLot } from "../services/chance.ts";

/**
 * A few hundred shoppers who keep coming back: each has a stable targeting key, country, plan and app version, and buys
 * more often than it only looks. Open loop: a slow shop does not slow its visitors down.
 */
const storefront = process.env["STOREFRONT_URL"] ?? "";
const seed = process.env["SEED"] ?? "1";
const shoppers = Number(process.env["SHOPPERS"] ?? 1000);
const requestsPerSecond = Number(process.env["REQUESTS_PER_SECOND"] ?? 100);

const countries = ["DE", "FR", "IT", "NL", "ES", "US", "GB", "JP"];
const plans = ["free", "plus", "business"];
const versions = ["2.1.0", "2.3.4", "2.4.0", "2.5.1"];
const agent = new Agent({ connections: 64, pipelining: 1, headersTimeout: 10_000, bodyTimeout: 10_000 });

const pick = <T>(list: readonly T[], lot: string): T => list[Math.floor(drawLot(lot) * list.length)] as T;

/** The headers of shopper `n`: the same in every run with the same seed. */
function describeShopper(n: number): Record<string, string> {
  const id = `shopper-${seed}-${n}`;
  return {
    "x-user-id": id,
    "x-country": pick(countries, `country ${id}`),
    "x-plan": pick(plans, `plan ${id}`),
    "x-app-version": pick(versions, `version ${id}`),
    ...(drawLot(`staff ${id}`) < 0.01 ? { "x-email": `${id}@shop.example` } : {}),
  };
}

let sent = 0;
async function visit(): Promise<void> {
  sent += 1;
  const id = `${seed}-${sent}`;
  const shopper = describeShopper(Math.floor(drawLot(`who ${id}`) * shoppers));
  const buys = drawLot(`buys ${id}`) < 0.9;
  const answer = await request(`${storefront}${buys ? "/api/checkout" : "/api/products"}`, {
    method: buys ? "POST" : "GET",
    headers: { ...shopper, "x-request-id": id },
    dispatcher: agent,
  });
  await answer.body.dump();
}

let started = performance.now();
let open = true;
process.on("message", (message: { doors?: "open" | "closed" }) => {
  open = message.doors !== "closed";
  started = performance.now() - (sent / requestsPerSecond) * 1000;
});
setInterval(() => {
  if (!open) return;
  // Catch up with the clock rather than trust the timer.
  const due = Math.min(50, Math.floor(((performance.now() - started) / 1000) * requestsPerSecond) - sent);
  for (let n = 0; n < due; n += 1) visit().catch(() => undefined);
}, 20);
process.send?.({ listening: 0 });
process.once("SIGTERM", () => process.exit(0));
process.once("SIGINT", () => process.exit(0));
