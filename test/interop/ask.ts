import { pause } from "./processes.ts";

/** One thing that a backend was asked, and whether its answer was the right one. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
}

/** Asks until the answer is the expected one or the time is over; what was found last is told. */
export async function expectSoon<T>(
  what: string,
  wanted: T,
  ask: () => Promise<T>,
  seconds: number = 30,
): Promise<Finding> {
  let found: unknown;
  const giveUpAt = Date.now() + seconds * 1000;
  do {
    try {
      found = await ask();
    } catch (error) {
      found = String(error);
    }
    if (JSON.stringify(found) === JSON.stringify(wanted))
      return { what, ok: true, found: JSON.stringify(found) };
    await pause(500);
  } while (Date.now() < giveUpAt);
  return { what, ok: false, found: `${JSON.stringify(found)}, not ${JSON.stringify(wanted)}` };
}

/** Samples of a PromQL query by one label, rounded to six digits. */
export async function promql(
  base: string,
  query: string,
  label: string,
): Promise<Readonly<Record<string, number>>> {
  const answer = (await getJson(`${base}/api/v1/query?query=${encodeURIComponent(query)}`)) as {
    data: { result: readonly { metric: Record<string, string>; value: readonly [number, string] }[] };
  };
  const samples = answer.data.result.map(({ metric, value }): [string, number] => [
    metric[label] ?? "",
    Number(Number(value[1]).toFixed(6)),
  ]);
  return Object.fromEntries(samples.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How many log lines a LogQL query finds in the last hour. */
export async function logql(base: string, query: string): Promise<number> {
  const start = (Date.now() - 3_600_000) * 1e6;
  const answer = (await getJson(
    `${base}/loki/api/v1/query_range?limit=5000&start=${start}&query=${encodeURIComponent(query)}`,
  )) as {
    data: { result: readonly { values: readonly unknown[] }[] };
  };
  return answer.data.result.reduce((sum, { values }) => sum + values.length, 0);
}

/** How many spans of an operation Jaeger finds by their tags, over all services. */
export async function countSpans(
  base: string,
  operation: string,
  tags: Readonly<Record<string, string>>,
): Promise<number> {
  const services = (await getJson(`${base}/api/services`)) as { data: readonly string[] | null };
  let count = 0;
  for (const service of services.data ?? []) {
    const query = new URLSearchParams({
      service,
      operation,
      tags: JSON.stringify(tags),
      limit: "1000",
      lookback: "1h",
    });
    const traces = (await getJson(`${base}/api/traces?${query.toString()}`)) as {
      data: readonly { spans: readonly { operationName: string }[] }[];
    };
    for (const { spans } of traces.data)
      count += spans.filter(({ operationName }) => operationName === operation).length;
  }
  return count;
}

/** A JSON document; an answer that is not 2xx is an error with its text. */
export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as unknown;
}
