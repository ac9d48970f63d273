// Plays one life of each provider under whatever SDKs are installed beside it, and prints what was heard.
import { OpenFeature, ProviderEvents } from "@openfeature/server-sdk";
import { OpenFeature as Web, ProviderEvents as WebEvents } from "@openfeature/web-sdk";
import { FlagspanProvider, memorySource } from "@flagspan/provider/server";
import { FlagspanWebProvider } from "@flagspan/provider/web";

const flag = (defaultVariant) => ({ state: "ENABLED", variants: { on: true, off: false }, defaultVariant });
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const rest = () => new Promise((resolve) => setTimeout(resolve, 20));

async function playServer() {
  const heard = [];
  const client = OpenFeature.getClient("matrix");
  const source = memorySource({ flags: { a: flag("on") } });
  const provider = new FlagspanProvider({ source, staleAfterMs: 0, errorAfterMs: 100_000 });
  for (const type of ["Ready", "Stale", "Error", "ConfigurationChanged"]) {
    client.addHandler(ProviderEvents[type], (details) =>
      heard.push([type, details?.flagsChanged ?? []].flat().join(" ")),
    );
  }
  heard.length = 0;
  await OpenFeature.setProviderAndWait("matrix", provider);
  const stages = [];
  const hook = Object.fromEntries(
    ["before", "after", "error", "finally"].map((stage) => [stage, () => void stages.push(stage)]),
  );
  const details = await client.getBooleanDetails("a", false, { targetingKey: "ann" }, { hooks: [hook] });
  const atOnce = provider.evaluateSync("a", false, { targetingKey: "ann" }, { hooks: [hook] });
  const missing = await client.getBooleanDetails("b", true, {}, { hooks: [hook] });
  source.set({ flags: { a: flag("off") } });
  await rest();
  source.link(false);
  await rest();
  const stale = client.providerStatus;
  source.link(true);
  await rest();
  const ready = client.providerStatus;
  await OpenFeature.clearProviders();
  return {
    heard,
    stages,
    same: JSON.stringify(details) === JSON.stringify(atOnce),
    details,
    missing,
    stale,
    ready,
  };
}

async function playWeb() {
  Web.setLogger(silent);
  let status = 200;
  const fetch = async (_url, { body }) => {
    const user = JSON.parse(body).context.targetingKey ?? "nobody";
    const answer = { flags: [{ key: "user", value: user, variant: "one", reason: "STATIC" }] };
    return new Response(JSON.stringify(answer), { status });
  };
  const heard = [];
  const client = Web.getClient("matrix");
  for (const type of ["Ready", "Error", "Reconciling", "ContextChanged"]) {
    client.addHandler(WebEvents[type], () => heard.push(type));
  }
  heard.length = 0;
  const options = { url: "http://flags.example", fetch, stream: false, cache: "off" };
  await Web.setContext("matrix", { targetingKey: "ann" });
  await Web.setProviderAndWait("matrix", new FlagspanWebProvider(options));
  const first = client.getStringValue("user", "none");
  await Web.setContext("matrix", { targetingKey: "bob" });
  const second = client.getStringValue("user", "none");
  status = 500;
  await Web.setContext("matrix", { targetingKey: "eve" });
  const third = client.getStringValue("user", "none");
  const failed = client.providerStatus;
  status = 200;
  await Web.setContext("matrix", { targetingKey: "eve", again: true });
  const ready = client.providerStatus;
  const fourth = client.getStringValue("user", "none");
  await Web.clearProviders();
  return { heard, values: [first, second, third, fourth], failed, ready };
}

process.stdout.write(JSON.stringify({ server: await playServer(), web: await playWeb() }));
