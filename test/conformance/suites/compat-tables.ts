import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { JsonValue } from "@flagspan/ruleset";
import { type Case, readJson, type Suite } from "../suite.ts";
import { ruleCase } from "./rule-tests.ts";

interface TableRow {
  readonly description?: string;
  readonly rule: JsonValue;
  readonly data?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

const FOLDER = join("json-logic-compat-tables", "suites");

/** What the JsonLogic engines agree on: every engine that takes part passes it in full. */
export const compatible: Suite = {
  name: "json-logic-compat-tables/compatible",
  read: (folder) => readTable(join(folder, FOLDER), "compatible.json"),
};

/** The other tables: proposals, on which the engines differ. */
export const compatTables: Suite = {
  name: "json-logic-compat-tables/rest",
  read(folder) {
    const root = join(folder, FOLDER);
    if (!existsSync(root)) return undefined;
    const files = readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".json") && !["compatible.json", "index.json"].includes(file))
      .sort();
    return files.flatMap((file) => readTable(root, file) ?? []);
  },
};

function readTable(root: string, file: string): readonly Case[] | undefined {
  const rows = readJson(join(root, file)) as
    | readonly (string | TableRow | readonly [JsonValue, unknown, unknown])[]
    | undefined;
  const table = relative(".", file);
  return rows?.flatMap((row, i) => {
    if (typeof row === "string") return [];
    const test: TableRow = isTriple(row) ? { rule: row[0], data: row[1], result: row[2] } : row;
    const name = `${table} #${i}: ${test.description ?? JSON.stringify(test.rule)}`;
    const { rule, data, result: expected } = test;
    return [ruleCase({ name, groups: [table], rule, data, expected, fails: test.error !== undefined })];
  });
}

function isTriple(row: TableRow | readonly unknown[]): row is readonly [JsonValue, unknown, unknown] {
  return Array.isArray(row);
}
