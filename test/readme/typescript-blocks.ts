/** What becomes of a TypeScript block beyond being type-checked. */
export type BlockUse =
  /** It runs in a process of its own; `before` supplies what its prose takes for granted, `after` says what must have come of it. */
  | {
      readonly kind: "runs";
      readonly env?: Readonly<Record<string, string>>;
      readonly before?: string;
      readonly after?: string;
      readonly prints?: RegExp;
    }
  /** It runs in a real browser; `after` ends by setting `globalThis.seen`. */
  | { readonly kind: "page"; readonly after: string; readonly sees: unknown }
  /** It is a test file of vitest and is run by it. */
  | { readonly kind: "vitest" };

/** Throws what it got where something is not as it should be. */
const expectFunction = `
function must(what: unknown, expected: unknown): void {
  if (JSON.stringify(what) !== JSON.stringify(expected)) throw new Error("got " + JSON.stringify(what));
}`;

/** An app around \`createFlagTelemetry\`: a flag of a provider that is no part of it, evaluated inside a span. */
const tagsASpan = (telemetry: string, setUp = ""): string => `
import { trace } from "@opentelemetry/api";
import { InMemoryProvider, OpenFeature as Flags } from "@openfeature/server-sdk";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
${setUp}
const ours = { variants: { on: true, off: false }, defaultVariant: "on", disabled: false };
await Flags.setProviderAndWait(new InMemoryProvider({ "dark-mode": ours }));
const tags = await trace.getTracer("shop").startActiveSpan("checkout", async (span) => {
  await Flags.getClient().getBooleanValue("dark-mode", false);
  span.end();
  return (span as unknown as { attributes: Record<string, unknown> }).attributes["feature_flags.dark-mode"];
});
must(tags, "on");
await ${telemetry}.shutdown();
`;

const register = (telemetry: string): string => `
new NodeTracerProvider({ spanProcessors: [${telemetry}.spanProcessor] }).register();
Flags.addHooks(${telemetry}.hook);`;

/** Code that every process starts with. */
export const prologue: string = expectFunction;

/** TypeScript blocks by name. One that is not here must run by itself, in Node, and end with exit code 0. */
const uses: Readonly<Record<string, BlockUse>> = {
  "README.md#Put it into a Node app": {
    kind: "runs",
    after: `
      import { trace } from "@opentelemetry/api";
      const shown = await trace.getTracer("shop").startActiveSpan("checkout", async (span) => {
        const value = await OpenFeature.getClient().getBooleanValue("stock-cache", false, { targetingKey: "ada" });
        span.end();
        return value;
      });
      must(shown, true);
      const tracers = trace.getTracerProvider() as unknown as { getDelegate(): { forceFlush(): Promise<void> } };
      await tracers.getDelegate().forceFlush();
      await OpenFeature.close();`,
  },
  "README.md#Put it into a browser app": {
    kind: "page",
    after: `
      globalThis.seen = {
        dark: OpenFeature.getClient().getBooleanDetails("dark-mode", false).variant,
        watched: typeof OpenFeature.getClient().getBooleanValue("watched", false),
        active: typeof flags.hook,
      };
      await flags.forceFlush();
      globalThis.done = true;`,
    sees: { dark: "on", watched: "boolean", active: "object" },
  },
  "packages/bridge/README.md#@flagspan/bridge": {
    kind: "runs",
    prints: /name: 'otlp'[\s\S]*name: 'grafana'/,
  },
  "packages/bridge/README.md#Webhooks": { kind: "runs", prints: /^415$/m },
  "packages/guard/README.md#In a process of your own": {
    kind: "runs",
    after: `
      import { openMemoryStore } from "@flagspan/control";
      const store = await openMemoryStore();
      const guard = startGuard(store.documents, process.env["FLAGSPAN_KEY"] ?? "");
      const plan = { flag: "banner", set: "shop.prod", treatment: "b", control: "a", stages: "10%,100%", hold: "15m" };
      const made = await guard.decider.create({ ...plan, start: true }, { id: "ada", type: "user" });
      must(made.ok, true);
      const client = createControlClient({ baseUrl: "https://flags.example.com", key: process.env["FLAGSPAN_KEY"] ?? "" });
      const step = async (): Promise<unknown> => (await client.getFlag("shop.prod", "banner")).flag.metadata?.["rollout"];
      while ((await step()) === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      must(await step(), "banner-1/10pct");
      await guard.stop();
      await store.close();`,
  },
  "packages/guard/README.md#In a process of your own (2)": {
    kind: "runs",
    after: `
      const seen: unknown[] = [];
      const guard = { observe: (events: readonly unknown[], trust: unknown) => seen.push(...events, trust) };
      const attributes = {
        "feature_flag.key": "dark-mode", "feature_flag.result.variant": "on", "feature_flag.rollout.id": "r-42",
        "feature_flag.rollout.stage": "2", "feature_flag.rollout.arm": "treatment", "feature_flag.context.id": "kX9vQ2mT4nB7wYzE",
        "feature_flag.outcome.kind": "error", "feature_flag.outcome.source": "server",
      };
      const records = [{ eventName: "feature_flag.outcome", attributes, timeUnixMs: 7 }, { attributes: {}, timeUnixMs: 8 }];
      receive(guard as unknown as Guard, records, ["telemetry"]);
      must(seen.length, 2);
      must((seen[0] as { outcome: string }).outcome, "error");
      must(seen[1], { scopes: ["telemetry"] });`,
  },
  "packages/guard/README.md#The statistics alone": {
    kind: "runs",
    after: `
      must(breached, true);
      must(estimate.toFixed(2), "3.60");
      must([lower < estimate, estimate < upper, seconds > 0, Number.isFinite(seconds)], [true, true, true, true]);`,
  },
  "packages/provider/README.md#Server": {
    kind: "runs",
    after: `
      must(dark, true);
      await OpenFeature.close();`,
  },
  "packages/provider/README.md#Hot loops": {
    kind: "runs",
    after: `
      must([value, reason], [false, "ERROR"]);
      await provider.onClose();`,
  },
  "packages/provider/README.md#One revision per request": {
    kind: "runs",
    after: `
      import { FlagspanProvider as Real, memorySource } from "@flagspan/provider/server";
      const provider = new Real({ source: memorySource({ flags: {} }) });
      await provider.initialize();
      const inside = await new Promise<unknown>((resolve) =>
        handle(provider, "user-1", () => resolve(OpenFeature.getTransactionContext())));
      must((inside as { targetingKey: string }).targetingKey, "user-1");
      must(Object.getOwnPropertySymbols(inside).length, 1);
      await provider.onClose();`,
  },
  "packages/provider/README.md#Sources": {
    kind: "runs",
    after: `
      await provider.initialize();
      must(provider.evaluateSync("stock-cache", false, {}).variant, "on");
      must(provider.evaluateSync("checkout/new", true, {}).variant, "off");
      await provider.onClose();`,
  },
  "packages/provider/README.md#Web": {
    kind: "page",
    after: `
      globalThis.seen = OpenFeature.getClient().getBooleanDetails("dark-mode", false).variant;
      globalThis.done = true;`,
    sees: "on",
  },
  "packages/provider/README.md#Tests of an application": {
    kind: "runs",
    env: { NODE_ENV: "test" },
    after: `
      must(await OpenFeature.getClient("this-test").getBooleanValue("dark-mode", true), false);
      const answered = await overridden.resolveBooleanEvaluation("dark-mode", false, {});
      must([answered.value, answered.reason], [true, "OVERRIDE"]);
      await OpenFeature.close();`,
  },
  "packages/telemetry/README.md#By hand": {
    kind: "runs",
    after: `${tagsASpan("telemetry")}\nawait sdk.shutdown();`,
  },
  "packages/telemetry/README.md#Options": {
    kind: "runs",
    after: tagsASpan("telemetry", register("telemetry")),
  },
  "packages/telemetry/README.md#Other loggers": {
    kind: "runs",
    after: `
      import { createFlagTelemetry } from "@flagspan/telemetry";
      other.add(new winston.transports.Console());
      const telemetry = createFlagTelemetry();
      ${tagsASpan("telemetry", register("telemetry")).replace("  span.end();", '  log.info("from pino");\n  other.info("from winston");\n  span.end();')}`,
    prints:
      /^(?=[\s\S]*"feature_flags\.dark-mode":"on".*from pino)(?=[\s\S]*"feature_flags\.dark-mode":"on".*from winston)/,
  },
  "packages/telemetry/README.md#Work without a request": {
    kind: "runs",
    before: `
      const billed: string[] = [];
      Object.assign(globalThis, { billed, batch: ["ada", "bob"], bill: async (user: string) => void billed.push(user) });`,
    after: `must((globalThis as unknown as { billed: unknown }).billed, ["ada", "bob"]);`,
  },
  "packages/telemetry/README.md#From service to service": {
    kind: "runs",
    after: `must(textMapPropagator.fields().sort(), ["baggage", "traceparent", "tracestate"]);`,
  },
  "packages/telemetry/README.md#Sampling": {
    kind: "runs",
    after: `
      import { ROOT_CONTEXT } from "@opentelemetry/api";
      // 1 records without exporting, 2 exports as well.
      must(sampler.shouldSample(ROOT_CONTEXT, "f".repeat(8) + "0".repeat(24), "GET /", 0, {}, []).decision, 1);
      must(sampler.shouldSample(ROOT_CONTEXT, "0".repeat(31) + "1", "GET /", 0, {}, []).decision, 2);`,
  },
  "packages/telemetry/README.md#In a browser": {
    kind: "page",
    after: `
      const span = traces.getTracer("page").startSpan("click");
      span.end();
      globalThis.seen = Object.keys(span.attributes).includes("session.id");
      await telemetry.forceFlush();
      globalThis.done = true;`,
    sees: true,
  },
  "packages/telemetry/README.md#In your own tests": { kind: "vitest" },
};

/** Names in the table that no block has any more: nothing would hold them to anything. */
export function findStale(names: readonly string[]): readonly string[] {
  return Object.keys(uses).filter((name) => !names.includes(name));
}

/** What becomes of a block. */
export function useOf(name: string): BlockUse {
  return uses[name] ?? { kind: "runs" };
}
