import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { createWebhookIntake } from "@flagspan/bridge/webhooks";
import { createControl, openMemoryStore } from "@flagspan/control";
import { afterAll, beforeAll, expect, test } from "vitest";

const secret = "a-long-shared-sécret-☃";
const logged: string[] = [];
let port = 0;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const store = await openMemoryStore();
  const vendors = {
    launchdarkly: { secret },
    unleash: { secret: "An-Unleash-Token" },
    generic: { secret: `whsec_${"A".repeat(32)}` },
  };
  const control = createControl({
    store,
    webhooks: createWebhookIntake({ vendors }),
    onError: (error) => logged.push(String(error)),
    limits: { strangerRatePerSecond: 1_000_000 },
  });
  ({ port } = await control.listen({ port: 0 }));
  ends.push(
    () => control.close(),
    () => store.close(),
  );
});
afterAll(async () => {
  for (const end of ends) await end();
});

/** Sends bytes as they are and returns status and answer; what is not read by then is cut off. */
function sendRaw(
  head: readonly string[],
  body: Uint8Array | string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const end = (): void => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text });
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("close", end);
    // A server that has refused may reset what is still being sent.
    socket.on("error", end);
    socket.write([...head, "host: control", "connection: close", "", ""].join("\r\n"), "latin1");
    socket.write(body);
  });
}

const post = (vendor: string, ...headers: readonly string[]): readonly string[] => [
  `POST /hooks/${vendor} HTTP/1.1`,
  "content-type: application/json",
  ...headers,
];

const sign = (body: string | Uint8Array): string => createHmac("sha256", secret).update(body).digest("hex");

function chunked(size: number, count: number): string {
  return `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`.repeat(count);
}

const body = JSON.stringify({ kind: "flag" });
const length = `content-length: ${body.length}`;

test.each<[string, readonly string[], Uint8Array | string, readonly number[]]>([
  ["a signature that is too short", post("launchdarkly", length, "x-ld-signature: 00"), body, [401]],
  ["one that is too long", post("launchdarkly", length, `x-ld-signature: ${"0".repeat(4000)}`), body, [401]],
  ["one of 8-bit characters", post("launchdarkly", length, "x-ld-signature: \xff\xfe\xe9"), body, [401]],
  ["an empty one", post("launchdarkly", length, "x-ld-signature:"), body, [401]],
  [
    "the right one among others in one header",
    post("launchdarkly", length, "x-ld-signature: 00", `x-ld-signature: ${sign(body)}`),
    body,
    [401],
  ],
  ["a token in another case", post("unleash", length, "authorization: an-unleash-token"), body, [401]],
  [
    "a timestamp that is no number",
    post("generic", length, "webhook-id: 1", "webhook-timestamp: NaN", "webhook-signature: v1,AA=="),
    body,
    [401],
  ],
  [
    "a timestamp in exponents",
    post("generic", length, "webhook-id: 1", "webhook-timestamp: 1e9", "webhook-signature: v1,AA=="),
    body,
    [401],
  ],
  ["an announced length that is too much", post("launchdarkly", "content-length: 99999999"), body, [413]],
  [
    "chunks that are too much",
    post("launchdarkly", "transfer-encoding: chunked"),
    `${chunked(65_536, 40)}0\r\n\r\n`,
    [413],
  ],
  [
    "a signed body in chunks that is no JSON",
    post("launchdarkly", "transfer-encoding: chunked", `x-ld-signature: ${sign("x".repeat(10))}`),
    `${chunked(10, 1)}0\r\n\r\n`,
    [400],
  ],
  [
    "a signed body that is no UTF-8",
    post("launchdarkly", "content-length: 3", `x-ld-signature: ${sign(new Uint8Array([0xff, 0xfe, 0xfd]))}`),
    new Uint8Array([0xff, 0xfe, 0xfd]),
    [400],
  ],
  [
    "a signed body that is nested without end",
    post("launchdarkly", "content-length: 200000", `x-ld-signature: ${sign("[".repeat(200_000))}`),
    "[".repeat(200_000),
    [400],
  ],
  [
    "another content type",
    ["POST /hooks/launchdarkly HTTP/1.1", "content-type: text/html", length, `x-ld-signature: ${sign(body)}`],
    body,
    [415],
  ],
  ["another method", ["GET /hooks/launchdarkly HTTP/1.1"], "", [404]],
  ["a prototype's name as vendor", post("__proto__", length), body, [404]],
])("%s is refused, without an error inside and without the secret", async (_, head, sent, statuses) => {
  const { status, text } = await sendRaw(head, sent);
  expect(statuses).toContain(status);
  expect(text).not.toContain("sécret");
  expect(text).not.toContain(sign(body));
  expect(logged).toEqual([]);
});

test("a signed body in chunks is believed, whatever its chunks", async () => {
  const chunks = body
    .split("")
    .map((character) => `1\r\n${character}\r\n`)
    .join("");
  const { status } = await sendRaw(
    post("launchdarkly", "transfer-encoding: chunked", `x-ld-signature: ${sign(body).toUpperCase()}`),
    `${chunks}0\r\n\r\n`,
  );
  expect(status).toBe(200);
});
