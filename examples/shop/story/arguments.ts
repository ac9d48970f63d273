import { parseArgs } from "node:util";

/** How the story is to be told. */
export interface StoryArguments {
  /** Exit when the story is over: 0 if every part of it happened. */
  readonly once: boolean;
  /** Print the summary as one line of JSON on standard output; the telling goes to standard error. */
  readonly json: boolean;
  /** Varies users and timing. */
  readonly seed: string;
  /** The fault that ships with Dark Mode, or none. */
  readonly incident: "dark-mode" | "none";
}

/** Reads the command line; a wrong word is an error that says what is known. */
export function readArguments(argv: readonly string[]): StoryArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      once: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      incident: { type: "string", default: "dark-mode" },
    },
  });
  if (values.incident !== "dark-mode" && values.incident !== "none") {
    throw new Error(`--incident is "${values.incident}"; it can be dark-mode or none`);
  }
  return { once: values.once, json: values.json, seed: values.seed, incident: values.incident };
}
