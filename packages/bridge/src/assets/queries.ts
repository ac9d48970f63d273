/** The queries an on-call engineer pastes to see what one variant of a flag did. */
export interface FlagQueries {
  /** Tempo: failing spans under the variant. */
  readonly traceql: string;
  /** Loki: log lines under the variant. */
  readonly logql: string;
  /** Prometheus: the error ratio of the variant. */
  readonly promql: string;
  /** Datadog span search. */
  readonly datadog: string;
  /** Dynatrace Grail: failing spans under the variant. */
  readonly dql: string;
}

/**
 * Writes the queries for one variant of a flag. Names are those of DESIGN §4.6 with the default presets; anything is quoted as its
 * language wants it, so that any flag key gives a query that parses.
 */
export function flagQueries(flagKey: string, variant: string): FlagQueries {
  const attribute = `feature_flags.${flagKey}`;
  const labels = `feature_flag_key=${quote(flagKey)},feature_flag_result_variant=${quote(variant)}`;
  const count = "feature_flag_outcome_duration_seconds_count";
  return {
    traceql: `{ span.${quote(attribute)} = ${quote(variant)} && status = error }`,
    logql: `{service_name=~".+"} | ${labelName(attribute)}=${quote(variant)}`,
    promql: `sum(rate(${count}{${labels},feature_flag_outcome="error"}[5m])) / sum(rate(${count}{${labels}}[5m]))`,
    datadog: `@${datadogFacet(attribute)}:${datadogValue(variant)} status:error`,
    dql: `fetch spans | filter \`${attribute.replaceAll("`", "``")}\` == ${quote(variant)} and span.status_code == "error"`,
  };
}

/** A double-quoted string of TraceQL, LogQL, PromQL and DQL. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** A name as Loki and Prometheus keep it: everything but letters, digits and `_` becomes `_`. */
export function labelName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, "_");
}

function datadogFacet(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_./-]/g, String.raw`\$&`);
}

function datadogValue(value: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(value) ? value : quote(value);
}
