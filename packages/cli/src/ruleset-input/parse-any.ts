import { UsageError } from "../command.ts";
import { isYamlPath, readYaml } from "./yaml.ts";

/** The value in a text, YAML where the file's name says so, else JSON; what is neither is a `UsageError` that names the file. */
export function parseAny(file: string, text: string): unknown {
  return isYamlPath(file) ? readYaml(file, text).value : parseJson(file, text);
}

/** The value in a JSON text; `place` names it in the error. */
export function parseJson(place: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${place}: not JSON: ${(error as Error).message.split("\n")[0] ?? ""}; correct it there.`,
    );
  }
}
