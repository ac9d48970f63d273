import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FlagspanProvider, memorySource } from "@flagspan/provider/server";
import type { LDOptions } from "@launchdarkly/node-server-sdk";
import { TestData } from "@launchdarkly/node-server-sdk/integrations";
import { FlagdProvider } from "@openfeature/flagd-provider";
import { GrowthbookProvider } from "@openfeature/growthbook-provider";
import {
  OpenFeature,
  type Client,
  type EvaluationContext,
  type Provider,
  type ResolutionDetails,
} from "@openfeature/server-sdk";

const require = createRequire(import.meta.url);
/** Through `require`, since its type declarations do not resolve in ES modules. */
const { LaunchDarklyProvider } = require("@launchdarkly/openfeature-node-server") as {
  readonly LaunchDarklyProvider: new (sdkKey: string, options: LDOptions) => Provider;
};

const variants = { on: true, off: false };
const targeting = {
  if: [
    {
      or: [
        { ends_with: [{ var: "email" }, "@corp.example"] },
        { in: [{ var: "country" }, ["FR", "DE", "IT"]] },
      ],
    },
    "on",
    "off",
  ],
};

/** A static flag, one with a rule, and one whose evaluations name their unit. */
export const document = {
  flags: {
    static: { state: "ENABLED", variants, defaultVariant: "on" },
    target: { state: "ENABLED", variants, defaultVariant: "off", targeting },
  },
} as const;

/** Whom the flags are asked for. */
export const context: EvaluationContext = { targetingKey: "user-17", email: "a@mail.example", country: "DE" };

/** The flags that are asked for. */
export const flagKeys: readonly ("static" | "target")[] = ["static", "target"];

/** Answers always the same: what the wrapping costs without any evaluation. */
export class ConstantProvider implements Provider {
  readonly metadata = { name: "constant" };
  readonly #answer = Promise.resolve({ value: true, variant: "on", reason: "STATIC" });
  resolveBooleanEvaluation(
    ..._asked: Parameters<Provider["resolveBooleanEvaluation"]>
  ): Promise<ResolutionDetails<boolean>> {
    return this.#answer;
  }
  resolveStringEvaluation(_key: string, value: string): Promise<ResolutionDetails<string>> {
    return Promise.resolve({ value });
  }
  resolveNumberEvaluation(_key: string, value: number): Promise<ResolutionDetails<number>> {
    return Promise.resolve({ value });
  }
  resolveObjectEvaluation<T>(_key: string, value: T): Promise<ResolutionDetails<T>> {
    return Promise.resolve({ value });
  }
}

/** GrowthBook's provider with the same two rules in its payload; it asks nobody. */
function createGrowthBook(): Provider {
  const condition = {
    $or: [{ email: { $regex: "@corp\\.example$" } }, { country: { $in: ["FR", "DE", "IT"] } }],
  };
  const features = {
    static: { defaultValue: true },
    target: { defaultValue: false, rules: [{ condition, force: true }] },
  };
  return new GrowthbookProvider({}, { payload: { features } });
}

/** LaunchDarkly's provider with the same two rules as test data: no stream, no events, no diagnostics. */
function createLaunchDarkly(): Provider {
  const updateProcessor = new TestData();
  const flag = (key: string, fallthrough: number, rules: readonly object[]): object => ({
    key,
    version: 1,
    on: true,
    variations: [true, false],
    fallthrough: { variation: fallthrough },
    offVariation: 1,
    rules,
  });
  const clause = (id: string, attribute: string, op: string, values: readonly string[]): object => ({
    id,
    variation: 0,
    clauses: [{ contextKind: "user", attribute, op, values, negate: false }],
  });
  void updateProcessor.usePreconfiguredFlag(flag("static", 0, []));
  void updateProcessor.usePreconfiguredFlag(
    flag("target", 1, [
      clause("staff", "email", "endsWith", ["@corp.example"]),
      clause("near", "country", "in", ["FR", "DE", "IT"]),
    ]),
  );
  return new LaunchDarklyProvider("test-data-needs-no-key", {
    updateProcessor: updateProcessor.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} },
  });
}

/** Starts our provider on the flags, in memory. */
export async function startOurs(): Promise<FlagspanProvider> {
  const provider = new FlagspanProvider({ source: memorySource(document, { flagSetId: "bench" }) });
  await provider.initialize();
  return provider;
}

/** A provider behind a client of its own. */
export interface Subject {
  readonly name: string;
  readonly client: Client;
}

/** Starts ours and the peers behind the OpenFeature client; each is checked to give the right answers first. */
export async function startClients(): Promise<{
  ours: Subject;
  peers: readonly Subject[];
  stop: () => Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), "flagspan-bench-"));
  const path = join(folder, "flags.json");
  writeFileSync(path, JSON.stringify(document));
  const start = async (name: string, provider: Provider): Promise<Subject> => {
    await OpenFeature.setProviderAndWait(`bench-${name}`, provider);
    const client = OpenFeature.getClient(`bench-${name}`);
    for (const key of flagKeys) {
      if (!(await client.getBooleanValue(key, false, context)))
        throw new Error(`${name} answers ${key} wrongly`);
    }
    return { name, client };
  };
  const ours = await start("flagspan", new FlagspanProvider({ source: memorySource(document) }));
  const peers = [
    await start(
      "flagd-provider",
      new FlagdProvider({ resolverType: "in-process", offlineFlagSourcePath: path }),
    ),
    await start("launchdarkly", createLaunchDarkly()),
    await start("growthbook", createGrowthBook()),
    await start("constant", new ConstantProvider()),
  ];
  return {
    ours,
    peers,
    stop: async () => {
      await OpenFeature.clearProviders();
      rmSync(folder, { recursive: true });
    },
  };
}
