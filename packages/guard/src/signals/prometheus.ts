/** One number, no data, or a failure; only the first two mean that Prometheus was asked. */
export type QueryAnswer =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: true; readonly value: undefined }
  | { readonly ok: false; readonly problem: string };

/** Asks Prometheus (or anything that speaks its HTTP API) for the value of an expression now. */
export interface PrometheusClient {
  query(expression: string): Promise<QueryAnswer>;
}

/** Where Prometheus is; `headers` for an authorization, `timeoutMs` default 5000. */
export interface PrometheusOptions {
  readonly baseUrl: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: (input: string, init?: RequestInit) => Promise<Response>;
  readonly timeoutMs?: number;
}

/**
 * Creates a client of `/api/v1/query`. A scalar or a vector of one sample is a value; NaN, infinity and an empty vector are no data; several samples, a
 * range or an error are a failure with words that say what to change.
 */
export function createPrometheusClient(options: PrometheusOptions): PrometheusClient {
  const base = options.baseUrl.replace(/\/$/, "");
  const send = options.fetch ?? ((input: string, init?: RequestInit) => fetch(input, init));
  return {
    async query(expression) {
      try {
        const response = await send(`${base}/api/v1/query?query=${encodeURIComponent(expression)}`, {
          ...(options.headers === undefined ? {} : { headers: options.headers }),
          signal: AbortSignal.timeout(options.timeoutMs ?? 5000),
        });
        return readAnswer(await response.json(), response.status);
      } catch (error) {
        return { ok: false, problem: `Prometheus at ${base} gave no usable answer: ${String(error)}` };
      }
    },
  };
}

function readAnswer(body: unknown, status: number): QueryAnswer {
  const {
    status: state,
    data,
    error,
  } = (body ?? {}) as {
    status?: unknown;
    error?: unknown;
    data?: { resultType?: unknown; result?: unknown };
  };
  if (state !== "success")
    return {
      ok: false,
      problem: `Prometheus answered ${status}: ${typeof error === "string" ? error : "no reason given"}`,
    };
  const result = data?.result;
  if (data?.resultType === "scalar" && Array.isArray(result)) return readSample(result);
  if (data?.resultType !== "vector" || !Array.isArray(result))
    return { ok: false, problem: `the query yields a ${String(data?.resultType)}; it must yield one number` };
  if (result.length === 0) return { ok: true, value: undefined };
  if (result.length > 1)
    return {
      ok: false,
      problem: `the query yields ${result.length} series; wrap it in sum(...) so that it yields one number`,
    };
  return readSample((result[0] as { value?: unknown }).value);
}

function readSample(sample: unknown): QueryAnswer {
  const value = Array.isArray(sample) ? Number(sample[1]) : Number.NaN;
  return { ok: true, value: Number.isFinite(value) ? value : undefined };
}
