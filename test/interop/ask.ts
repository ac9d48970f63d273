import { pause } from "./processes.ts";

/** One thing that a backend was asked, and whether its answer was the right one. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
}

/** Answers by a key, to be compared. */
export type Answers = ReadonlyMap<string, number>;

/** Asks until the answer is the expected one or the time is over; what was found last is told. */
export async function expectSoon(
  what: string,
  wanted: () => Answers,
  ask: () => Promise<Answers>,
  seconds: number = 30,
): Promise<Finding> {
  let difference = "";
  const giveUpAt = Date.now() + seconds * 1000;
  do {
    try {
      const found = await ask();
      const expected = wanted();
      difference = compare(found, expected);
      // An expectation of nothing proves nothing.
      if (difference === "" && expected.size > 0) return finish(what, true, tell(found));
      if (expected.size === 0) difference = "nothing was sent that could be asked for";
    } catch (error) {
      difference = String(error);
    }
    await pause(500);
  } while (Date.now() < giveUpAt);
  return finish(what, false, difference);
}

function finish(what: string, ok: boolean, found: string): Finding {
  console.log(`${ok ? "ok    " : "FAILED"}  ${what}: ${found}`);
  return { what, ok, found };
}

/** Equal up to what floating point loses when the same numbers are added in another order. */
function compare(found: Answers, wanted: Answers): string {
  const keys = [...new Set([...found.keys(), ...wanted.keys()])].sort();
  return keys
    .filter((key) => !isClose(found.get(key), wanted.get(key)))
    .map((key) => `${key || "it"} is ${found.get(key) ?? "missing"}, not ${wanted.get(key) ?? "expected"}`)
    .slice(0, 6)
    .join("; ");
}

function isClose(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

function tell(answers: Answers): string {
  const told = [...answers].map(
    ([key, value]) => `${key}${key === "" ? "" : " "}${Number(value.toPrecision(6))}`,
  );
  return told.length > 8 ? `${told.slice(0, 8).join(", ")} and ${told.length - 8} more` : told.join(", ");
}

/** Samples of a PromQL query at a time, by some labels. */
export async function promql(
  base: string,
  query: string,
  by: readonly string[],
  atMs: number,
): Promise<Answers> {
  const at = new URLSearchParams({ query, time: (atMs / 1000).toFixed(3) });
  const answer = (await getJson(`${base}/api/v1/query?${at.toString()}`)) as {
    data: { result: readonly { metric: Record<string, string>; value: readonly [number, string] }[] };
  };
  return new Map(
    answer.data.result.map(({ metric, value }) => [
      by.map((label) => metric[label] ?? "").join(" "),
      Number(value[1]),
    ]),
  );
}

/** The log lines that a LogQL query finds, with the labels and metadata of each. */
export async function logql(
  base: string,
  query: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const start = (Date.now() - 3_600_000) * 1e6;
  const parameters = new URLSearchParams({ limit: "5000", start: String(start), query });
  const answer = (await getJson(`${base}/loki/api/v1/query_range?${parameters.toString()}`)) as {
    data: { result: readonly { stream: Record<string, string>; values: readonly unknown[] }[] };
  };
  return answer.data.result.flatMap(({ stream, values }) => values.map(() => stream));
}

/** The value of a LogQL metric query now, if it has one. */
export async function logqlValue(base: string, query: string): Promise<number | undefined> {
  const answer = (await getJson(
    `${base}/loki/api/v1/query?${new URLSearchParams({ query }).toString()}`,
  )) as { data: { result: readonly { value: readonly [number, string] }[] } };
  const value = answer.data.result[0]?.value[1];
  return value === undefined ? undefined : Number(value);
}

/** One span that Jaeger found. */
export interface FoundSpan {
  readonly service: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, unknown>>;
}

/** The spans of a service that Jaeger finds by their tags, each once. */
export async function findSpans(
  base: string,
  service: string,
  tags: Readonly<Record<string, string>>,
): Promise<readonly FoundSpan[]> {
  const query = new URLSearchParams({ service, tags: JSON.stringify(tags), limit: "20000", lookback: "1h" });
  const { data } = (await getJson(`${base}/api/traces?${query.toString()}`)) as {
    data: readonly {
      spans: readonly {
        spanID: string;
        operationName: string;
        processID: string;
        tags: readonly { key: string; value: unknown }[];
      }[];
      processes: Readonly<Record<string, { serviceName: string }>>;
    }[];
  };
  const found = new Map<string, FoundSpan>();
  for (const { spans, processes } of data) {
    for (const span of spans) {
      const own = Object.fromEntries(span.tags.map(({ key, value }) => [key, value]));
      const isIt = Object.entries(tags).every(([key, value]) => String(own[key]) === value);
      const name = processes[span.processID]?.serviceName ?? "";
      if (isIt && name === service)
        found.set(span.spanID, { service: name, name: span.operationName, tags: own });
    }
  }
  return [...found.values()];
}

/** A JSON document; an answer that is not 2xx is an error with its text. */
export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as unknown;
}
