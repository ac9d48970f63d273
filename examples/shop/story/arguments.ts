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
  /**
   * Outcomes take the way through the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, which has to hand them to control, and metrics are
   * sent, too. By default outcomes go straight to control.
   */
  readonly viaCollector: boolean;
  /** The store of control, where it is not to be a new one: a path. */
  readonly store: string | undefined;
  /** How many times as long as usual each part of the story may take, for a machine that does other things as well. */
  readonly patience: number;
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
      "via-collector": { type: "boolean", default: false },
      store: { type: "string" },
      patience: { type: "string", default: "1" },
    },
  });
  if (values.incident !== "dark-mode" && values.incident !== "none") {
    throw new Error(`--incident is "${values.incident}"; it can be dark-mode or none`);
  }
  return {
    once: values.once,
    json: values.json,
    seed: values.seed,
    incident: values.incident,
    viaCollector: values["via-collector"],
    store: values.store,
    patience: Math.max(1, Number(values.patience) || 1),
  };
}
