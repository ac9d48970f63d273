import { parseRulesetText } from "@flagspan/ruleset";
import { UsageError } from "../command.ts";
import { isYamlPath, readYaml } from "./yaml.ts";

/** The value in a text, YAML where the file's name says so, else JSON; what is neither is a `UsageError` that names the file. */
export function parseAny(file: string, text: string): unknown {
  return isYamlPath(file) ? readYaml(file, text).value : parseJson(file, text);
}

/** The value in a JSON text that begins at a line of a file; what is none is a `UsageError` with the place. */
export function parseJson(file: string, text: string, firstLine = 1): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The ruleset's own reader knows the place of a slip in any JSON.
    const issue = parseRulesetText(text).issues.find(({ code }) => code === "invalid-json");
    const line = firstLine - 1 + (issue?.line ?? 1);
    const told = issue?.message ?? (error as Error).message;
    const message = told.replace(/^not JSON: (?:line \d+, column \d+: )?/, "");
    throw new UsageError(`${file}:${line}:${issue?.column ?? 1}: not JSON: ${message}; correct it there.`);
  }
}
