import { readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";

/** A fixture of this folder: what a body or an event must look like, and some that do. */
export interface Contract {
  readonly $comment: string;
  readonly schema: object;
  readonly examples: readonly Record<string, unknown>[];
}

const folder = new URL(".", import.meta.url);

/** The names of all fixtures, without `.json`. */
export const contractNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length))
  .sort();

/** Reads a fixture by its name. */
export function contractOf(name: string): Contract {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as Contract;
}

const ajv = new Ajv({ allErrors: true, strict: false });
// A `$ref` to another fixture means its schema.
for (const name of contractNames) ajv.addSchema(contractOf(name).schema, `${name}.json`);

/** What a fixture's schema finds wrong with a value. */
export function violationsOf(name: string, value: unknown): readonly unknown[] {
  const validate = ajv.getSchema(`${name}.json`);
  if (validate === undefined) throw new Error(`there is no fixture ${name}.json`);
  return validate(value) === true ? [] : (validate.errors ?? []);
}
