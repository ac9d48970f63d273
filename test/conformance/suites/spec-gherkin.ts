import { deepStrictEqual, ok } from "node:assert";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { FlagspanProvider, httpSource, memorySource } from "@flagspan/provider/server";
import {
  AsyncLocalStorageTransactionContextPropagator,
  type EvaluationContext,
  type EvaluationDetails,
  type FlagValue,
  type Hook,
  type JsonValue,
  OpenFeature,
} from "@openfeature/server-sdk";
import { answerStatus, SmallControl } from "../../provider/small-control.ts";
import { until } from "../../provider/until.ts";
import { readJson, type Suite } from "../suite.ts";
import { clientSteps, ClientWorld, parseValue, readTable } from "./client-world.ts";
import { readScenarios, type WorldSteps } from "./read-pickles.ts";

type SpecFlag = Readonly<Record<string, JsonValue>>;

/** The two CEL texts of the suite as JsonLogic; "no match" is null there and an empty text here. */
const rules: Readonly<Record<string, JsonValue>> = {
  "email == 'ballmer@macrosoft.com' ? 'zero' : ''": {
    if: [{ "==": [{ var: "email" }, "ballmer@macrosoft.com"] }, "zero", null],
  },
  "!customer && email == 'ballmer@macrosoft.com' && age > 10 ? 'internal' : ''": {
    if: [
      {
        and: [
          { "!": [{ var: "customer" }] },
          { "==": [{ var: "email" }, "ballmer@macrosoft.com"] },
          { ">": [{ var: "age" }, 10] },
        ],
      },
      "internal",
      null,
    ],
  },
};

/** Translates the suite's flags into the flagd format, as its SOURCE.md says. */
function translate(flags: Readonly<Record<string, SpecFlag>>): object {
  const translated = Object.entries(flags).map(([key, flag]) => {
    const { disabled, flagMetadata, contextEvaluator, variants, defaultVariant } = flag;
    return [
      key,
      {
        state: disabled === true ? "DISABLED" : "ENABLED",
        variants,
        defaultVariant,
        ...(typeof contextEvaluator === "string" ? { targeting: rules[contextEvaluator] } : {}),
        ...(flagMetadata === undefined || flagMetadata === null ? {} : { metadata: flagMetadata }),
      },
    ];
  });
  return { flags: Object.fromEntries(translated) };
}

/** Remembers the context its evaluations were asked with: the suite's "retrievable context". */
class RememberingProvider extends FlagspanProvider {
  merged: EvaluationContext = {};
  override resolveBooleanEvaluation(
    ...args: Parameters<FlagspanProvider["resolveBooleanEvaluation"]>
  ): ReturnType<FlagspanProvider["resolveBooleanEvaluation"]> {
    [, , this.merged] = args;
    return super.resolveBooleanEvaluation(...args);
  }
}

class SpecWorld extends ClientWorld {
  readonly called: { stage: string; details: EvaluationDetails<FlagValue> | undefined }[] = [];
  readonly source;
  readonly levels = new Map<string, Record<string, string>>();
  table: readonly string[] = [];
  before: string = "";
  remembering: RememberingProvider | undefined;
  #control: SmallControl | undefined;

  constructor(document: object) {
    super();
    this.source = memorySource(document);
  }

  createHook(name: string): Hook {
    const note =
      (stage: string) =>
      (_context: unknown, details?: unknown): void => {
        this.called.push({
          stage: `${name}${stage}`,
          details: details as EvaluationDetails<FlagValue> | undefined,
        });
      };
    return { before: note("before"), after: note("after"), error: note("error"), finally: note("finally") };
  }

  async become(status: string): Promise<void> {
    const settings = { staleAfterMs: 0, errorAfterMs: status === "error" ? 0 : 60_000 };
    switch (status) {
      case "not ready":
        return this.use(new FlagspanProvider({ source: memorySource() }));
      case "fatal": {
        this.#control = await new SmallControl().listen();
        this.#control.always.stream = answerStatus(401);
        const source = httpSource({ url: this.#control.url, set: "shop" });
        return this.useAndWait(new FlagspanProvider({ source })).catch(() => undefined);
      }
      default:
        await this.useAndWait(new FlagspanProvider({ source: this.source, ...settings }));
    }
    if (status === "stable") return undefined;
    this.source.link(false);
    const expected: string = status.toUpperCase();
    await until(`the client is ${status}`, () => {
      const now: string = this.client.providerStatus;
      return now === expected;
    });
    return undefined;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#control?.close();
    OpenFeature.setContext({});
    this.client.setContext({});
  }

  /** Evaluates under every level's context, as the client merges them. */
  async evaluateLevels(): Promise<void> {
    const entries = (level: string): Record<string, string> => this.levels.get(level) ?? {};
    OpenFeature.setTransactionContextPropagator(new AsyncLocalStorageTransactionContextPropagator());
    OpenFeature.setContext(entries("API"));
    const client = this.client.setContext(entries("Client"));
    const hook: Hook = { before: () => entries("Before Hooks") };
    await new Promise<void>((resolve, reject) => {
      OpenFeature.setTransactionContext(entries("Transaction"), () => {
        client
          .getBooleanDetails("boolean-flag", false, entries("Invocation"), { hooks: [hook] })
          .then(() => resolve(), reject);
      });
    });
  }

  add(level: string, key: string, value: string): void {
    this.levels.set(level, { ...this.levels.get(level), [key]: value });
  }
}

const steps: WorldSteps<SpecWorld> = [
  [/^a (stable|not ready|error|fatal|stale) provider$/, (world, [status = ""]) => world.become(status)],
  [
    /^the provider status should be "(.*)"$/,
    (world, [status = ""]) => deepStrictEqual<string>(world.client.providerStatus, status),
  ],
  [/^a client with added hook$/, (world) => void (world.options = { hooks: [world.createHook("")] })],
  [
    /^the "(\w+)" hook should have been executed$/,
    (world, [stage = ""]) => ok(world.called.some((call) => call.stage === stage)),
  ],
  [
    /^the "(.*)" hooks should be called with evaluation details$/,
    (world, [stages = ""], step) => {
      for (const stage of stages.split(", ")) {
        const details = world.called.find((call) => call.stage === stage)?.details;
        const fields = { ...details, flag_key: details?.flagKey, error_code: details?.errorCode };
        for (const row of readTable(step)) {
          const got = (fields as Readonly<Record<string, unknown>>)[row.get("key") ?? ""] ?? null;
          const text = row.get("value") ?? "";
          deepStrictEqual(got, text === "null" ? null : parseValue(row.get("data_type") ?? "", text));
        }
      }
    },
  ],
  [
    /^evaluation options containing specific hooks$/,
    (world) => void (world.options = { hooks: [world.createHook("1 "), world.createHook("2 ")] }),
  ],
  [
    /^the specified hooks should execute during evaluation$/,
    (world) => deepStrictEqual(world.called.length, 6),
  ],
  [
    /^the hook order should be maintained$/,
    (world) => {
      const order = world.called.map((call) => call.stage);
      deepStrictEqual(order, ["1 before", "2 before", "2 after", "1 after", "2 finally", "1 finally"]);
    },
  ],
  [
    /^an evaluation context with modifiable data$/,
    (world) => {
      world.context = { list: [1, { deep: true }], text: "as it was" };
      world.before = JSON.stringify(world.context);
    },
  ],
  [
    /^the original evaluation context should remain unmodified$/,
    (world) => deepStrictEqual(JSON.stringify(world.context), world.before),
  ],
  [
    /^the evaluation details should be immutable$/,
    (world) => ok(Object.isFrozen(world.details?.flagMetadata)),
  ],
  [
    /^a stable provider with retrievable context is registered$/,
    async (world) => {
      world.remembering = new RememberingProvider({ source: world.source });
      await world.useAndWait(world.remembering);
    },
  ],
  [
    /^A context entry with key "(.*)" and value "(.*)" is added to the "(.*)" level$/,
    (world, [key = "", value = "", level = ""]) => world.add(level, key, value),
  ],
  [
    /^A table with levels of increasing precedence$/,
    (world, _args, step) => {
      world.table = step.argument?.dataTable?.rows.map((row) => row.cells[0]?.value ?? "") ?? [];
    },
  ],
  [
    /^Context entries for each level from API level down to the "(.*)" level, with key "(.*)" and value "(.*)"$/,
    (world, [last = "", key = ""]) => {
      for (const level of world.table.slice(0, world.table.indexOf(last) + 1)) world.add(level, key, level);
    },
  ],
  [/^Some flag was evaluated$/, (world) => world.evaluateLevels()],
  [
    /^The merged context contains an entry with key "(.*)" and value "(.*)"$/,
    (world, [key = "", value = ""]) => deepStrictEqual(world.remembering?.merged[key], value),
  ],
  ...(clientSteps as unknown as WorldSteps<SpecWorld>),
];

/** The OpenFeature specification's scenarios, through its server SDK. */
export const specGherkin: Suite = {
  name: "spec/gherkin",
  read(folder) {
    const root = join(folder, "spec", "specification", "assets", "gherkin");
    if (!existsSync(root)) return undefined;
    const features = readdirSync(root)
      .filter((file) => file.endsWith(".feature"))
      .sort();
    const flags = readJson(join(root, "test-flags.json")) as Readonly<Record<string, SpecFlag>>;
    const document = translate(flags);
    return readScenarios(
      features.map((file) => join(root, file)),
      steps,
      () => new SpecWorld(document),
    );
  },
};
