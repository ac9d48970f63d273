import { join } from "node:path";
import type { JsonValue } from "@flagspan/ruleset";
import { readJson, type Suite } from "../suite.ts";
import { ruleCase } from "./rule-tests.ts";

/** The classic tests of jsonlogic.com: rows `[rule, data, answer]`, texts are headings. */
export const jsonLogicJs: Suite = {
  name: "json-logic-js/tests",
  read(folder) {
    const rows = readJson(join(folder, "json-logic-js", "tests.json")) as
      | readonly (string | readonly [JsonValue, unknown, unknown])[]
      | undefined;
    return rows?.flatMap((row) => {
      if (typeof row === "string") return [];
      const [rule, data, expected] = row;
      const name = `${JSON.stringify(rule)} on ${JSON.stringify(data)}`;
      return [ruleCase({ name, groups: [], rule, data, expected, fails: false })];
    });
  },
};
