import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FlagdProvider } from "@openfeature/flagd-provider";
import { GrowthBookClient } from "@growthbook/growthbook";
import { FlagspanProvider, memorySource } from "@flagspan/provider/server";
import {
  OpenFeature,
  type Client,
  type EvaluationContext,
  type Provider,
  type ResolutionDetails,
} from "@openfeature/server-sdk";

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

/** GrowthBook's own SDK with the same two rules, as its OpenFeature providers call it. */
class GrowthBookProvider extends ConstantProvider {
  override readonly metadata = { name: "growthbook" };
  readonly #client = new GrowthBookClient().initSync({
    payload: {
      features: {
        static: { defaultValue: true },
        target: {
          defaultValue: false,
          rules: [
            {
              condition: {
                $or: [{ email: { $regex: "@corp\\.example$" } }, { country: { $in: ["FR", "DE", "IT"] } }],
              },
              force: true,
            },
          ],
        },
      },
    },
  });
  override resolveBooleanEvaluation(
    ...[key, , asked]: Parameters<Provider["resolveBooleanEvaluation"]>
  ): Promise<ResolutionDetails<boolean>> {
    const result = this.#client.evalFeature(key, { attributes: asked });
    return Promise.resolve({ value: result.on, reason: result.source });
  }
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
    await start("growthbook", new GrowthBookProvider()),
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
