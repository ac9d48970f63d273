import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import type { SentEvent } from "./rig.ts";

/** A fixture of `test/contracts`: what an event must look like, and some that do. */
export interface Contract {
  readonly schema: object;
  readonly examples: readonly SentEvent[];
}

/** Reads a fixture by its name. */
export const contract = (name: string): Contract =>
  JSON.parse(readFileSync(new URL(`../contracts/${name}.json`, import.meta.url), "utf8")) as Contract;

/** What a contract's schema finds wrong with events; no events at all are wrong, too. */
export function violations(name: string, events: readonly SentEvent[]): readonly unknown[] {
  const validate = new Ajv({ allErrors: true, strict: false }).compile(contract(name).schema);
  if (events.length === 0) return ["nothing was sent"];
  return events.flatMap((event) => {
    validate(event);
    return (validate.errors ?? []).map((error) => ({ error, event }));
  });
}
