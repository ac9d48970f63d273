import { deepStrictEqual, ok } from "node:assert";
import type { PickleStep } from "@cucumber/messages";
import {
  type Client,
  type EvaluationContext,
  type EvaluationDetails,
  type FlagEvaluationOptions,
  type FlagValue,
  type JsonValue,
  OpenFeature,
  type Provider,
} from "@openfeature/server-sdk";
import type { WorldSteps } from "./read-pickles.ts";

let domains = 0;
// Providers that cannot start are part of the suites; the SDK need not tell about them.
OpenFeature.setLogger({ error: () => {}, warn: () => {}, info: () => {}, debug: () => {} });

/** A scenario's client: the real SDK over a provider under test, in an OpenFeature domain of its own. */
export class ClientWorld {
  readonly domain: string = `conformance-${++domains}`;
  flag: { type: string; key: string; fallback: FlagValue } = { type: "String", key: "", fallback: "" };
  context: Record<string, JsonValue> = {};
  options: FlagEvaluationOptions = {};
  details: EvaluationDetails<FlagValue> | undefined;

  get client(): Client {
    return OpenFeature.getClient(this.domain);
  }

  use(provider: Provider): void {
    OpenFeature.setProvider(this.domain, provider);
  }

  async useAndWait(provider: Provider): Promise<void> {
    await OpenFeature.setProviderAndWait(this.domain, provider);
  }

  async evaluate(): Promise<void> {
    const { client, context, options } = this;
    const { type, key, fallback } = this.flag;
    const asked = context as EvaluationContext;
    if (typeof fallback === "boolean")
      this.details = await client.getBooleanDetails(key, fallback, asked, options);
    else if (typeof fallback === "number")
      this.details = await client.getNumberDetails(key, fallback, asked, options);
    else if (type === "Object")
      this.details = await client.getObjectDetails(key, fallback as JsonValue, asked, options);
    else this.details = await client.getStringDetails(key, fallback as string, asked, options);
  }

  async close(): Promise<void> {
    await OpenFeature.setProviderAndWait(this.domain, new Closed());
  }
}

/** Takes the place of a provider so that the SDK closes it. */
class Closed implements Provider {
  readonly metadata = { name: "closed" };
  readonly resolveBooleanEvaluation = Closed.answer;
  readonly resolveStringEvaluation = Closed.answer;
  readonly resolveNumberEvaluation = Closed.answer;
  readonly resolveObjectEvaluation = Closed.answer;
  static answer<T>(this: void, _key: string, value: T): Promise<{ value: T }> {
    return Promise.resolve({ value });
  }
}

/** Cells are taken literally; only JSON has its quotes escaped. */
export function parseValue(type: string, text: string): FlagValue {
  switch (type.toLowerCase()) {
    case "boolean":
      return text === "true";
    case "integer":
    case "float":
    case "long":
      return Number(text);
    case "object":
      return JSON.parse(text.replaceAll('\\"', '"')) as JsonValue;
    default:
      return text;
  }
}

/** The rows of a step's table by their heading. */
export function readTable(step: PickleStep): readonly ReadonlyMap<string, string>[] {
  const rows = step.argument?.dataTable?.rows.map((row) => row.cells.map((cell) => cell.value)) ?? [];
  const [head = [], ...body] = rows;
  return body.map((cells) => new Map(head.map((name, index) => [name, cells[index] ?? ""])));
}

/** The phrases that flagd's and the specification's suites share. */
export const clientSteps: WorldSteps<ClientWorld> = [
  [
    /^an? (\w+)-flag with key "(.*)" and a (?:fallback|default) value "(.*)"$/,
    (world, [type = "", key = "", fallback = ""]) => {
      world.flag = { type, key, fallback: parseValue(type, fallback) };
    },
  ],
  [
    /^a context containing a key "(.*)", with type "(.*)" and with value "(.*)"$/,
    (world, [key = "", type = "", value = ""]) => {
      world.context[key] = parseValue(type, value);
    },
  ],
  [
    /^a context containing a key "(.*)" with null value$/,
    (world, [key = ""]) => {
      world.context[key] = null;
    },
  ],
  [
    /^a context containing a targeting key with value "(.*)"$/,
    (world, [key = ""]) => {
      world.context["targetingKey"] = key;
    },
  ],
  [
    /^a context containing a nested property with outer key "(.*)" and inner key "(.*)", with value "(.*)"$/,
    (world, [outer = "", inner = "", value = ""]) => {
      world.context[outer] = { [inner]: value };
    },
  ],
  [
    /^the flag was evaluated with details(?: asynchronously| using the evaluation options)?$/,
    (world) => world.evaluate(),
  ],
  [
    /^the resolved details value should be "(.*)"$/,
    (world, [value = ""]) => deepStrictEqual(world.details?.value, parseValue(world.flag.type, value)),
  ],
  [/^the reason should be "(.*)"$/, (world, [reason = ""]) => deepStrictEqual(world.details?.reason, reason)],
  [
    /^the variant should be "(.*)"$/,
    (world, [variant = ""]) => deepStrictEqual(world.details?.variant ?? "", variant),
  ],
  [/^the flag key should be "(.*)"$/, (world, [key = ""]) => deepStrictEqual(world.details?.flagKey, key)],
  [
    /^the error-code should be "(.*)"$/,
    (world, [code = ""]) => deepStrictEqual<string>(world.details?.errorCode ?? "", code),
  ],
  [
    /^the resolved metadata should contain$/,
    (world, _args, step) => {
      for (const row of readTable(step)) {
        const expected = parseValue(row.get("metadata_type") ?? "", row.get("value") ?? "");
        deepStrictEqual(world.details?.flagMetadata[row.get("key") ?? ""], expected);
      }
    },
  ],
  [/^the resolved metadata is empty$/, (world) => deepStrictEqual({ ...world.details?.flagMetadata }, {})],
  [/^the evaluation should complete without blocking$/, (world) => ok(world.details !== undefined)],
];
