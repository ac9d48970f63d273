import { OpenFeature } from "@openfeature/web-sdk";
import { FlagspanWebProvider } from "@flagspan/provider/web";

/** The page of the shop: it asks the web SDK, which asks OFREP; no rule ever reaches the browser. */
const config = (await (await fetch("/config.json")).json()) as { url: string; key: string; set: string };

const known = localStorage.getItem("shopper");
const shopper = known ?? `browser-${crypto.randomUUID()}`;
if (known === null) localStorage.setItem("shopper", shopper);

await OpenFeature.setContext({ targetingKey: shopper, country: "DE", appVersion: "2.5.1" });
await OpenFeature.setProviderAndWait(
  new FlagspanWebProvider({ url: config.url, key: config.key, set: config.set }),
);
const flags = OpenFeature.getClient();

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element #${id}`);
  return found;
};

function draw(): void {
  document.documentElement.dataset["theme"] = flags.getBooleanValue("dark-mode", false) ? "dark" : "light";
  const count = flags.getNumberValue("recommendation-count", 3);
  element("products").replaceChildren(
    ...Array.from({ length: count }, (_, n) => {
      const item = document.createElement("li");
      item.textContent = `Recommended ${n + 1}`;
      return item;
    }),
  );
}

draw();
flags.addHandler("PROVIDER_CONFIGURATION_CHANGED" as never, draw);

element("buy").addEventListener("click", () => {
  void (async () => {
    element("status").textContent = "Ordering …";
    const answer = await fetch("/api/checkout", {
      method: "POST",
      headers: {
        "x-user-id": shopper,
        "x-request-id": crypto.randomUUID(),
        "x-country": "DE",
        "x-app-version": "2.5.1",
      },
    });
    element("status").textContent = answer.ok
      ? "Thank you. Your order is placed."
      : "That did not work. Please try again.";
  })();
});
