import { datadogSink } from "./datadog.ts";
import { dynatraceSink } from "./dynatrace.ts";
import { grafanaSink } from "./grafana.ts";
import { newRelicSink } from "./new-relic.ts";
import { otlpSink } from "./otlp.ts";
import { sentrySink } from "./sentry.ts";
import type { Sink } from "./sink.ts";
import { slackSink } from "./slack.ts";
import { webhookSink } from "./webhook.ts";

/** The sinks of a configuration, or everything that is wrong with it, one sentence each. */
export type SinksResult =
  | { readonly ok: true; readonly sinks: readonly Sink[] }
  | { readonly ok: false; readonly problems: readonly string[] };

interface Kind {
  readonly required: readonly string[];
  create(options: never): Sink;
}

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["otlp", { required: ["endpoint"], create: otlpSink }],
  ["grafana", { required: ["url", "token"], create: grafanaSink }],
  ["datadog", { required: ["apiKey"], create: datadogSink }],
  ["dynatrace", { required: ["url", "token"], create: dynatraceSink }],
  ["new-relic", { required: ["apiKey", "services"], create: newRelicSink }],
  ["sentry", { required: ["url", "secret"], create: sentrySink }],
  ["slack", { required: ["url"], create: slackSink }],
  ["webhook", { required: ["url", "secret"], create: webhookSink }],
]);

/**
 * Reads a list such as `[{ "kind": "grafana", "url": "https://…", "token": "${GRAFANA_TOKEN}" }]`, with the options of each sink. A text
 * that is `${NAME}` is taken from `env`, so that the file holds no secret; a name that is not set is a problem. Problems name the sink
 * and the option, never a value.
 */
export function readSinks(document: unknown, env: Readonly<Record<string, string | undefined>>): SinksResult {
  if (!Array.isArray(document)) return { ok: false, problems: ["the sinks are a list."] };
  const problems: string[] = [];
  const sinks: Sink[] = [];
  for (const [index, entry] of (document as readonly unknown[]).entries()) {
    const given = typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>) : {};
    const name = typeof given["kind"] === "string" ? given["kind"] : "";
    const kind = kinds.get(name);
    if (kind === undefined) {
      problems.push(`sink ${index} needs a kind: ${[...kinds.keys()].join(", ")}.`);
      continue;
    }
    const found: string[] = [];
    const options = fill(given, env, found);
    for (const option of kind.required)
      if (options[option] === undefined || options[option] === "") found.push(`${option} is missing.`);
    problems.push(...found.map((problem) => `sink ${index} (${name}): ${problem}`));
    if (found.length > 0) continue;
    try {
      sinks.push(kind.create(options as never));
    } catch (error) {
      // A URL's own error would repeat it, and a URL can be a secret.
      const reason =
        error instanceof TypeError || !(error instanceof Error) ? "an option is unusable." : error.message;
      problems.push(`sink ${index} (${name}): ${reason}`);
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, sinks };
}

function fill(
  given: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(given)) {
    const name = typeof value === "string" ? /^\$\{([A-Z_][A-Z0-9_]*)\}$/.exec(value)?.[1] : undefined;
    if (option === "kind") continue;
    options[option] = name === undefined ? value : env[name];
    if (name !== undefined && env[name] === undefined)
      problems.push(`${option} names ${name}, which is not set.`);
  }
  return options;
}
