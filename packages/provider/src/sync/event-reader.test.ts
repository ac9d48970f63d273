import { describe, expect, test } from "vitest";
import { createEventReader, type StreamEvent } from "./event-reader.ts";

/** Reads the chunks as one connection and answers everything that was told. */
function read(
  chunks: readonly (string | Uint8Array)[],
  options: { lastEventId?: string; maxEventLength?: number } = {},
): { events: StreamEvent[]; comments: string[]; retries: number[]; overflows: number; lastEventId: string } {
  const told = {
    events: [] as StreamEvent[],
    comments: [] as string[],
    retries: [] as number[],
    overflows: 0,
  };
  const reader = createEventReader({
    maxEventLength: 1000,
    event: (event) => told.events.push(event),
    comment: (text) => told.comments.push(text),
    retry: (delayMs) => told.retries.push(delayMs),
    overflow: () => {
      told.overflows++;
    },
    ...options,
  });
  for (const chunk of chunks)
    reader.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  return { ...told, lastEventId: reader.lastEventId };
}

const bytes = (text: string): Uint8Array[] =>
  [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte));
const datas = (chunks: readonly (string | Uint8Array)[]): string[] =>
  read(chunks).events.map((event) => event.data);

// launchdarkly/sse-contract-tests, row by row (research/reliability.md §1.2).
describe("sse-contract: basic parsing", () => {
  test.each([
    ["one-line message", "data: Hello\n\n", [{ type: "message", data: "Hello", lastEventId: "" }]],
    [
      "two-line message",
      "data: Hello\ndata:World!\n\n",
      [{ type: "message", data: "Hello\nWorld!", lastEventId: "" }],
    ],
    ["no space after the colon", "data:Hello\n\n", [{ type: "message", data: "Hello", lastEventId: "" }]],
    [
      "two spaces after the colon",
      "data:  Hello\n\n",
      [{ type: "message", data: " Hello", lastEventId: "" }],
    ],
    ["empty data", "data:\n\n", [{ type: "message", data: "", lastEventId: "" }]],
    ["data without a colon", "data\n\n", [{ type: "message", data: "", lastEventId: "" }]],
    ["two empty data lines", "data\ndata\n\n", [{ type: "message", data: "\n", lastEventId: "" }]],
    ["event name", "event: greeting\ndata: Hi\n\n", [{ type: "greeting", data: "Hi", lastEventId: "" }]],
    [
      "event name after the data",
      "data: Hi\nevent: greeting\n\n",
      [{ type: "greeting", data: "Hi", lastEventId: "" }],
    ],
    ["event name without data", "event: greeting\n\n", []],
    ["id", "id: abc\ndata: Hi\n\n", [{ type: "message", data: "Hi", lastEventId: "abc" }]],
    [
      "id with a NUL is ignored",
      "id: a\0b\ndata: Hi\n\n",
      [{ type: "message", data: "Hi", lastEventId: "" }],
    ],
    ["all fields", "event: e\nid: 1\ndata: x\n\n", [{ type: "e", data: "x", lastEventId: "1" }]],
    ["unknown field", "color: red\ndata: Hi\n\n", [{ type: "message", data: "Hi", lastEventId: "" }]],
    [
      "fields are case-sensitive",
      "Data: no\ndata: yes\n\n",
      [{ type: "message", data: "yes", lastEventId: "" }],
    ],
    ["a tab belongs to the value", "data:\ttest\n\n", [{ type: "message", data: "\ttest", lastEventId: "" }]],
    ["a colon in the value", "data: a:b\n\n", [{ type: "message", data: "a:b", lastEventId: "" }]],
    [
      "several events",
      "data: 1\n\ndata: 2\n\n",
      [
        { type: "message", data: "1", lastEventId: "" },
        { type: "message", data: "2", lastEventId: "" },
      ],
    ],
    [
      "extra blank lines",
      "\n\n\ndata: 1\n\n\n\ndata: 2\n\n",
      [
        { type: "message", data: "1", lastEventId: "" },
        { type: "message", data: "2", lastEventId: "" },
      ],
    ],
    ["multi-byte characters", "data: €豆腐💡\n\n", [{ type: "message", data: "€豆腐💡", lastEventId: "" }]],
  ])("%s", (_claim, text, events) => {
    expect(read([text]).events).toEqual(events);
    expect(read(bytes(text)).events, "byte by byte").toEqual(events);
  });
});

describe("sse-contract: byte order mark", () => {
  const bom = Uint8Array.of(0xef, 0xbb, 0xbf);
  test("one at the start is dropped, however it is split", () => {
    expect(datas([bom, "data: Hi\n\n"])).toEqual(["Hi"]);
    expect(datas([bom.subarray(0, 1), bom.subarray(1, 2), bom.subarray(2), "data: Hi\n\n"])).toEqual(["Hi"]);
    expect(datas([bom.subarray(0, 2), bom.subarray(2), "data: Hi\n\n"])).toEqual(["Hi"]);
  });
  test("a second one makes the field another field", () => {
    expect(datas([bom, bom, "data: Hi\n\n", "data: 2\n\n"])).toEqual(["2"]);
  });
  test("one inside a value stays", () => {
    expect(datas(["data: a\uFEFFb\n\n"])).toEqual(["a\uFEFFb"]);
  });
});

describe("sse-contract: comments", () => {
  test("are told apart from events and may come between fields", () => {
    expect(read([": ping\n"])).toMatchObject({ comments: ["ping"], events: [] });
    expect(read([":\n"])).toMatchObject({ comments: [""] });
    expect(datas(["data: a\n: note\ndata: b\n\n"])).toEqual(["a\nb"]);
    expect(read(bytes(": ping\n\n: pong\n\n")).comments).toEqual(["ping", "pong"]);
  });
});

describe("sse-contract: line ends", () => {
  for (const [name, end] of [
    ["LF", "\n"],
    ["CR", "\r"],
    ["CRLF", "\r\n"],
  ] as const) {
    const text = ["event: e", "data: 1", "data: 2", "", "data: 3", "", ": c", "data", "", ""].join(end);
    const tail = `data: last${end}${end}data: x${end}`;
    test.each([
      ["in one chunk", [text + tail]],
      ["byte by byte", bytes(text + tail)],
      ["cut before every line end", (text + tail).split(new RegExp(`(?=${end})`, "u"))],
      ["cut after every line end", (text + tail).split(new RegExp(`(?<=${end})`, "u"))],
    ])(`${name} %s`, (_how, chunks) => {
      expect(datas(chunks)).toEqual(["1\n2", "3", "", "last"]);
    });
  }
  test("a CRLF cut in two is one line end", () => {
    expect(datas(["data: 1\r", "\ndata: 2\r", "\n\r", "\ndata: 3\r\n\r\n"])).toEqual(["1\n2", "3"]);
  });
});

describe("sse-contract: ids and retry", () => {
  test("the id persists if later events have none, and can be reset to empty", () => {
    const { events, lastEventId } = read(["id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"]);
    expect(events.map((event) => event.lastEventId)).toEqual(["7", "7", ""]);
    expect(lastEventId).toBe("");
  });
  test("a new connection begins with the id of the one before", () => {
    expect(read(["data: a\n\n"], { lastEventId: "9" }).events[0]?.lastEventId).toBe("9");
  });
  test("a partial event at the end of the connection is discarded, its id with it", () => {
    expect(read(["id: 1\ndata: whole\n\nid: 2\ndata: half\n"])).toMatchObject({
      events: [{ data: "whole", lastEventId: "1" }],
      lastEventId: "1",
    });
  });
  test("retry is told if it is decimal, else ignored", () => {
    expect(read(["retry: 1500\n\nretry: soon\n\nretry: -1\n\n"]).retries).toEqual([1500]);
  });
});

test("an event over the limit ends the reading, once, whatever follows", () => {
  const big = `data: ${"x".repeat(600)}\n`.repeat(3);
  expect(read([big, big, "\n\n", "data: ok\n\n"])).toMatchObject({ overflows: 1, events: [] });
});
