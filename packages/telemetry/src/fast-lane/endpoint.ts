/** Where the fast lane sends: an OTLP/HTTP logs URL and its headers. */
export interface FastLaneEndpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The process environment where there is one (Node, Deno, Bun); empty in browsers. */
export function platformEnvironment(): Environment {
  const holder = globalThis as { process?: { env?: Environment } };
  return holder.process?.env ?? {};
}

/**
 * The fast lane's endpoint: `guardEndpoint` (a base URL gets `/v1/logs`), else what the OTLP variables name for logs,
 * else `http://localhost:4318/v1/logs`, OpenTelemetry's default. Variables after the OTLP exporter specification;
 * their headers go to their endpoint only.
 */
export function fastLaneEndpoint(
  guardEndpoint: string | undefined,
  guardHeaders: Readonly<Record<string, string>> | undefined,
  env: Environment,
): FastLaneEndpoint {
  if (guardEndpoint !== undefined) return { url: withLogsPath(guardEndpoint), headers: guardHeaders ?? {} };
  const headers = {
    ...parseHeaders(env["OTEL_EXPORTER_OTLP_HEADERS"]),
    ...parseHeaders(env["OTEL_EXPORTER_OTLP_LOGS_HEADERS"]),
    ...guardHeaders,
  };
  const forLogs = env["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"];
  if (forLogs !== undefined && forLogs !== "") return { url: forLogs, headers };
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const root = base === undefined || base === "" ? "http://localhost:4318" : base;
  return { url: `${root.replace(/\/+$/u, "")}/v1/logs`, headers };
}

/** Completes a base URL (no path) with OTLP's logs path; any other URL is taken as it is. */
export function withLogsPath(endpoint: string): string {
  const trimmed = endpoint.replace(/\/+$/u, "");
  return /^[a-z][a-z0-9+.-]*:\/\/[^/]+$/iu.test(trimmed) ? `${trimmed}/v1/logs` : trimmed;
}

/** Reads `key1=value1,key2=value2` with percent-encoded values (W3C baggage syntax, as the specification asks). */
function parseHeaders(text: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of (text ?? "").split(",")) {
    const equals = pair.indexOf("=");
    if (equals < 1) continue;
    const value = pair.slice(equals + 1).trim();
    headers[pair.slice(0, equals).trim().toLowerCase()] = decodePercent(value);
  }
  return headers;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
