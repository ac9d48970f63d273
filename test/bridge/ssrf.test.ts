import { grafanaSink, otlpSink, slackSink, type Outcome, type Sink } from "@flagspan/bridge";
import { afterEach, expect, test } from "vitest";
import { createChange } from "./changes.ts";
import { startReceiver, type Receiver } from "./receiver.ts";

const open: Receiver[] = [];
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close();
});

async function deliver(sink: Sink): Promise<Outcome | undefined> {
  const [outcome] = await sink
    .deliver([createChange()], { nowMs: Date.now(), signal: new AbortController().signal })
    .catch((error: Error) => [{ kind: "retry" as const, reason: error.message }]);
  await sink.close?.();
  return outcome;
}

test.each([
  "127.0.0.1",
  "localhost",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "0.0.0.0",
  "2130706433",
  "0x7f.1",
  "169.254.169.254",
  "0177.0.0.1",
  "public.example@127.0.0.1",
  "[::]",
  "[::127.0.0.1]",
  "[::ffff:7f00:1]",
  "[64:ff9b::7f00:1]",
  "[fec0::1]",
  "10.0.0.1",
  "[fe80::1]",
  "[fd00::1]",
])("a sink whose URL leads to %s is refused at the connection", async (host) => {
  const receiver = await startReceiver();
  open.push(receiver);
  const url = `http://${host}:${new URL(receiver.url).port}`;
  expect(await deliver(grafanaSink({ url, token: "t", timeoutMs: 2000 }))).toMatchObject({
    kind: "retry",
    reason: expect.stringContaining("has a private address") as string,
  });
  expect(receiver.requests).toEqual([]);
});

test("a private host that is named in the configuration is in order, another is not", async () => {
  const receiver = await startReceiver();
  open.push(receiver);
  const url = receiver.url.replace("127.0.0.1", "localhost");
  expect(await deliver(slackSink({ url, allowPrivate: ["localhost"] }))).toEqual({ kind: "delivered" });
  expect(await deliver(slackSink({ url, allowPrivate: ["127.0.0.1"] }))).toMatchObject({ kind: "retry" });
});

test("an OTLP endpoint that is written down as private needs no more words, unless told otherwise; metadata services do", async () => {
  const receiver = await startReceiver();
  open.push(receiver);
  expect(await deliver(otlpSink({ endpoint: receiver.url }))).toEqual({ kind: "delivered" });
  expect(await deliver(otlpSink({ endpoint: receiver.url, allowPrivate: false }))).toMatchObject({
    kind: "retry",
  });
  for (const host of ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"])
    expect(await deliver(otlpSink({ endpoint: `http://${host}:1` }))).toMatchObject({
      reason: expect.stringContaining("private address") as string,
    });
});

test.each([
  [307, "another origin", (to: string) => `${to}/elsewhere`, "redirects to another origin"],
  [302, "a GET", () => "/login", "answered 302"],
])("a redirect (%i) to %s is not followed", async (status, _, location, reason) => {
  const other = await startReceiver();
  const receiver = await startReceiver(() => ({ status, headers: { location: location(other.url) } }));
  open.push(other, receiver);
  expect(await deliver(slackSink({ url: receiver.url, allowPrivate: true }))).toMatchObject({
    reason: expect.stringContaining(reason) as string,
  });
  expect(other.requests).toEqual([]);
});

test("a redirect within the origin keeps method and body, and does not go on for ever", async () => {
  const receiver = await startReceiver(({ path }) =>
    path === "/final"
      ? { status: 200 }
      : { status: 308, headers: { location: path === "/loop" ? "/loop" : "/final" } },
  );
  open.push(receiver);
  expect(await deliver(slackSink({ url: `${receiver.url}/first`, allowPrivate: true }))).toEqual({
    kind: "delivered",
  });
  expect(receiver.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /first",
    "POST /final",
  ]);
  expect(receiver.requests[1]?.body).toBe(receiver.requests[0]?.body);
  expect(await deliver(slackSink({ url: `${receiver.url}/loop`, allowPrivate: true }))).toMatchObject({
    reason: expect.stringContaining("too often") as string,
  });
});
