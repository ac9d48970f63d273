import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { startControl } from "../start.ts";
import type { TestControl } from "../start.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Question {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What differs from answer to answer by nature: the clock, the ticket, and what belongs to one connection. */
const OWN = new Set(["date", "connection", "keep-alive", "transfer-encoding", "content-length"]);

function plain(status: number, headers: Iterable<readonly [string, string]>, body: string): Answer {
  const kept = [...headers].filter(([name]) => !OWN.has(name));
  const withoutTicket = ([name, value]: readonly [string, string]): [string, string] => [
    name,
    name === "etag" ? value.replace(/\.[\w-]{12}"$/, '."') : value,
  ];
  return {
    status,
    headers: Object.fromEntries(kept.map(withoutTicket).sort(([a], [b]) => (a < b ? -1 : 1))),
    body: body.replace(/token=[^"]+/, "token="),
  };
}

function* flat(headers: IncomingHttpHeaders): Iterable<readonly [string, string]> {
  for (const [name, value] of Object.entries(headers)) yield [name, String(value)];
}

/** Over a socket: a hot route is served on node's own objects. */
function askSocket({ url }: TestControl, question: Question): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const { method, target: path, body } = question;
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const headers = { ...question.headers, ...length };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(plain(response.statusCode ?? 0, flat(response.headers), text)));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Through `fetch` of control: the same row of the table behind Hono. */
async function askApp({ control, url }: TestControl, question: Question): Promise<Answer> {
  const { method, target, headers, body } = question;
  const response = await control.fetch(
    new Request(url + target, { method, headers, ...(body === undefined ? {} : { body }) }),
  );
  return plain(response.status, response.headers, await response.text());
}

describe("hot routes", () => {
  it("give the answers of the ordinary way, byte for byte (fuzzed)", async () => {
    const control = await startControl({
      limits: { strangerRatePerSecond: 1e6, ratePerSecond: 1e6, bodyBytes: 2000 },
      cors: { origins: ["https://shop.example"] },
    });
    const { keys } = control;
    const etag = (await control.ask("GET", "/v1/rulesets/shop.prod")).headers.get("etag") ?? "";
    const bulk = await control.ask("POST", "/ofrep/v1/evaluate/flags", { key: keys.evaluate, body: {} });
    const applied = "/v1/rulesets/shop.prod/applied";
    const target = fc.constantFrom(
      "/v1/rulesets/shop.prod",
      "/v1/rulesets/shop.dev",
      "/v1/rulesets/-",
      "/v1/rulesets/shop.prod?x=1",
      applied,
      "/v1/rulesets/shop.dev/applied",
      "/v1/rulesets",
      "/ofrep/v1/evaluate/flags",
      "/ofrep/v1/evaluate/flags?flagConfigEtag=1",
      "/ofrep/v1/evaluate/flags?flagConfigEtag=7&flagConfigEtag=x",
      "/ofrep/v1/evaluate/flags/dark-mode",
      "/ofrep/v1/evaluate/flags/checkout%2Fnew",
      "/ofrep/v1/evaluate/flags/constructor",
      "/ofrep/v1/evaluate/flags/watched",
    );
    const body = fc.constantFrom(
      undefined,
      "",
      "{}",
      "[",
      "null",
      "7",
      '{"context":{"targetingKey":"user-1","email":"a@corp.example"}}',
      '{"context":{"targetingKey":""}}',
      '{"context":{"__proto__":{"email":"a@corp.example"},"targetingKey":"ü"}}',
      '{"context":[]}',
      '{"context":null}',
      `{"context":${'{"a":'.repeat(70)}1${"}".repeat(71)}`,
      JSON.stringify({ context: { long: "x".repeat(3000) } }),
      '{"revision":"1","instance":"i-1"}',
      '{"revision":"9","instance":"i-1"}',
      '{"revision":-1,"instance":""}',
    );
    const key = fc.constantFrom(undefined, "nonsense", ...Object.values(keys));
    const extra = fc.constantFrom<Record<string, string>>(
      {},
      { "if-none-match": etag },
      { "if-none-match": `W/${etag}, "x"` },
      { "if-none-match": bulk.headers.get("etag") ?? "" },
      { "if-none-match": '"' },
      { "flagd-selector": "flagSetId=shop.prod" },
      { "flagd-selector": "flagSetId=shop.dev" },
      { "flagd-selector": "shop" },
      { origin: "https://shop.example" },
      { origin: "https://evil.example" },
      { "content-encoding": "gzip" },
      { "content-encoding": "identity" },
    );
    const method = fc.constantFrom("GET", "POST", "PUT", "DELETE");
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(target, method, key, body, extra, async (path, verb, token, sent, headers) => {
        const question: Question = {
          method: verb,
          target: path,
          headers: {
            "accept-encoding": "identity",
            "user-agent": "test",
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...headers,
          },
          body: verb === "GET" ? undefined : sent,
        };
        const near = await askSocket(control, question);
        statuses.add(near.status);
        expect(near).toEqual(await askApp(control, question));
      }),
      {
        numRuns: 600,
        examples: [
          ["/v1/rulesets/shop.prod", "GET", keys.sync, undefined, { "if-none-match": etag }],
          [applied, "POST", keys.sync, '{"revision":"1","instance":"i-1"}', {}],
          [applied, "POST", keys.sync, '{"revision":-1,"instance":""}', {}],
          [applied, "POST", keys.sync, JSON.stringify({ long: "x".repeat(3000) }), {}],
          [applied, "POST", keys.sync, "{}", { "content-encoding": "gzip" }],
          ["/v1/rulesets/shop.dev", "GET", keys.everything, undefined, {}],
        ],
      },
    );
    for (const status of [200, 204, 304, 400, 401, 403, 404, 413, 415, 422])
      expect(statuses).toContain(status);
  });

  it("know exactly the table's targets: whatever resembles one of them is refused", async () => {
    const control = await startControl({ limits: { strangerRatePerSecond: 1e6, ratePerSecond: 1e6 } });
    const headers = { authorization: `Bearer ${control.keys.everything}` };
    const like = fc
      .constantFrom("/v1/rulesets/shop.prod", "/v1/rulesets/shop.prod/applied", "/ofrep/v1/evaluate/flags")
      .chain((path) =>
        fc.tuple(
          fc.constant(path),
          fc.integer({ min: 0, max: path.length }),
          fc.constantFrom(
            "/",
            "//",
            "/./",
            "/../",
            "%2f",
            "%2F",
            "%2e",
            ".",
            ";",
            "\\",
            "%00",
            "@",
            "A",
            "*",
            "#",
          ),
        ),
      )
      .map(([path, at, noise]) => path.slice(0, at) + noise + path.slice(at));
    await fc.assert(
      fc.asyncProperty(like, fc.constantFrom("GET", "POST"), async (target, method) => {
        const question: Question = { method, target, headers, body: method === "POST" ? "{}" : undefined };
        const { status } = await askSocket(control, question);
        expect([400, 404, 422]).toContain(status);
      }),
      { numRuns: 400 },
    );
  });

  it("answer each request of a pipeline on its own, in order", async () => {
    const { connect } = await import("node:net");
    const { url, keys } = await startControl();
    const { hostname, port } = new URL(url);
    const get = (key: string): string =>
      `GET /v1/rulesets/shop.prod HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${key}\r\n`;
    const text = await new Promise<string>((resolve) => {
      const socket = connect({ host: hostname, port: Number(port) });
      let seen = "";
      socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
      socket.on("close", () => resolve(seen));
      socket.write(
        `${get(keys.sync)}if-none-match: *, "x"\r\n\r\n${get("fs_no")}\r\n${get(keys.evaluate)}\r\n${get(keys.sync)}connection: close\r\n\r\n`,
      );
    });
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      "200",
      "401",
      "403",
      "200",
    ]);
  });
});
