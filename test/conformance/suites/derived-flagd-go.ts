import { join } from "node:path";
import type { JsonValue } from "@flagspan/ruleset";
import { type Case, readJson, type Suite } from "../suite.ts";
import { ruleCase } from "./rule-tests.ts";

type Row = string | readonly [JsonValue, unknown, unknown, string?];

/** What flagd's own Go operators answered: rows `[rule, data, answer, failure?]`, texts are headings. */
export const derivedFlagdGo: readonly Suite[] = [
  "fractional",
  "sem_ver",
  "string-comparison",
  "jsonlogic-core",
].map((file) => ({
  name: `derived-flagd-go/${file}`,
  read: (folder) =>
    readRows(readJson(join(folder, "derived-flagd-go", `${file}.json`)) as readonly Row[] | undefined),
}));

function readRows(rows: readonly Row[] | undefined): readonly Case[] | undefined {
  let heading = "";
  return rows?.flatMap((row) => {
    if (typeof row === "string") {
      heading = row;
      return [];
    }
    const [rule, data, expected, failure] = row;
    const name = `${JSON.stringify(rule)} on ${JSON.stringify(data)}`;
    return [ruleCase({ name, groups: [heading], rule, data, expected, fails: failure !== undefined })];
  });
}
