import { connect } from "node:net";

import { describe, expect, it } from "vitest";

import { startControl } from "../start.ts";
import type { TestControl } from "../start.ts";
import { openEvents } from "./sse.ts";
import type { EventReader } from "./sse.ts";

const open = (control: TestControl, headers: Record<string, string> = {}): Promise<EventReader> =>
  openEvents(new URL("/v1/rulesets/shop.prod/stream", control.url), {
    authorization: `Bearer ${control.keys.sync}`,
    ...headers,
  });

const toggle = async (control: TestControl, defaultVariant: string): Promise<void> => {
  await control.ask("PATCH", "/v1/flags/shop.prod/banner", {
    body: { flag: { defaultVariant }, reason: "toggle" },
  });
};

describe("the ruleset stream", () => {
  it("starts with the whole ruleset and goes on with patches", async () => {
    const control = await startControl();
    const stream = await open(control);
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
    expect(stream.response.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(stream.response.headers.get("x-accel-buffering")).toBe("no");
    expect(stream.response.headers.has("flagspan-unit-secret")).toBe(true);
    const snapshot = await stream.next();
    expect(snapshot).toMatchObject({ event: "snapshot", id: "1" });
    const whole = await control.ask("GET", "/v1/rulesets/shop.prod");
    expect(snapshot?.data).toBe(await whole.text());
    await toggle(control, "b");
    const patch = await stream.next();
    expect(patch).toMatchObject({ event: "patch", id: "2" });
    expect(JSON.parse(patch?.data ?? "")).toMatchObject({
      from: "1",
      to: "2",
      flags: { banner: { defaultVariant: "b" } },
      changes: [{ flagKey: "banner" }],
    });
    stream.close();
  });

  it("names in each patch the hash of what it leads to, which is the ETag of the whole", async () => {
    const control = await startControl();
    const stream = await open(control);
    await stream.next();
    for (const variant of ["b", "a"]) {
      await toggle(control, variant);
      const { sha256 } = JSON.parse((await stream.next())?.data ?? "") as { sha256: string };
      const whole = await control.ask("GET", "/v1/rulesets/shop.prod");
      expect(whole.headers.get("etag")).toBe(`"${sha256}"`);
    }
    stream.close();
  });

  it("continues after Last-Event-ID where it can, and starts over where it cannot", async () => {
    const control = await startControl();
    const first = await open(control);
    await first.next();
    for (const variant of ["b", "a", "b"]) await toggle(control, variant);
    const resumed = await open(control, { "last-event-id": "2" });
    expect([(await resumed.next())?.id, (await resumed.next())?.id]).toEqual(["3", "4"]);
    for (const strange of ["99", "0", "abc", "-1"]) {
      const anew = await open(control, { "last-event-id": strange });
      expect(await anew.next()).toMatchObject({ event: "snapshot", id: "4" });
      anew.close();
    }
    const current = await open(control, { "last-event-id": "4" });
    await toggle(control, "a");
    expect(await current.next()).toMatchObject({ event: "patch", id: "5" });
    for (const stream of [first, resumed, current]) stream.close();
  });

  it("sends an import as a snapshot, because a patch could not tell it", async () => {
    const control = await startControl();
    const stream = await open(control);
    await stream.next();
    await control.ask("PUT", "/v1/rulesets/shop.prod", { body: { ruleset: { flags: {} }, reason: "empty" } });
    expect(await stream.next()).toMatchObject({ event: "snapshot", id: "2" });
    stream.close();
  });

  it("turns new streams away with 503 and a moment to wait, and counts them", async () => {
    const control = await startControl({ limits: { streams: 2 } });
    const held = [await open(control), await open(control)];
    const refused = await open(control);
    expect(refused.response.status).toBe(503);
    expect(Number(refused.response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(control.control.streams).toMatchObject({ clients: 2, rejected: 1 });
    for (const stream of held) stream.close();
    await expect.poll(() => control.control.streams.clients).toBe(0);
    const again = await open(control);
    expect(again.response.status).toBe(200);
    again.close();
  });

  it("drops a client that does not read and counts it; the others never notice", async () => {
    const control = await startControl({ limits: { streamQueueBytes: 64 * 1024 } });
    const { port, hostname } = new URL(control.url);
    const stuck = connect({ port: Number(port), host: hostname });
    await new Promise<void>((resolve) => stuck.once("connect", resolve));
    stuck.on("error", () => {});
    stuck.write(
      `GET /v1/rulesets/shop.prod/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${control.keys.sync}\r\n\r\n`,
    );
    stuck.pause();
    const good = await open(control);
    await good.next();
    await expect.poll(() => control.control.streams.clients).toBe(2);
    const long = "x".repeat(200_000);
    for (let index = 0; index < 100 && control.control.streams.dropped === 0; index += 1) {
      await control.ask("PATCH", "/v1/flags/shop.prod/banner", {
        body: { flag: { variants: { a: `${index}${long}` } }, reason: "large" },
      });
      expect((await good.next())?.id).toBe(String(index + 2));
    }
    expect(control.control.streams).toMatchObject({ dropped: 1, clients: 1 });
    stuck.destroy();
    good.close();
  });

  it("says goodbye when control closes, with a random moment to come back at", async () => {
    const control = await startControl();
    const stream = await open(control);
    await stream.next();
    const closed = control.control.close();
    expect(await stream.next()).toMatchObject({ event: "goodbye" });
    expect(await stream.next()).toBeUndefined();
    await closed;
    await control.control.close();
    const ready = await control.control.fetch(new Request("http://control/readyz"));
    expect(ready.status).toBe(503);
  });
});

describe("who has applied a revision", () => {
  interface Report {
    readonly revision: string;
    readonly connected: number;
    readonly applied: number;
    readonly instances: readonly { instance: string; kind: string; revision: string; connected: boolean }[];
    readonly polling: readonly { agent: string }[];
  }
  const report = async (control: TestControl, query = ""): Promise<Report> =>
    (await (await control.ask("GET", `/v1/rulesets/shop.prod/applied${query}`)).json()) as Report;
  const acknowledge = (control: TestControl, instance: string, revision: string): Promise<Response> =>
    control.ask("POST", "/v1/rulesets/shop.prod/applied", {
      key: control.keys.sync,
      body: { revision, instance },
    });

  it("counts connected instances and those of them that said so", async () => {
    const control = await startControl();
    const a = await open(control, { "flagspan-instance": "a" });
    const b = await open(control, { "flagspan-instance": "b" });
    await acknowledge(control, "a", "1");
    expect(await report(control)).toMatchObject({ revision: "1", connected: 2, applied: 1 });
    await acknowledge(control, "b", "1");
    await toggle(control, "b");
    await acknowledge(control, "a", "2");
    expect(await report(control)).toMatchObject({ revision: "2", connected: 2, applied: 1 });
    expect(await report(control, "?revision=1")).toMatchObject({ applied: 2 });
    a.close();
    await expect.poll(async () => (await report(control)).connected).toBe(1);
    const { instances } = await report(control);
    expect(instances.find((known) => known.instance === "a")).toMatchObject({
      connected: false,
      revision: "2",
    });
    b.close();
  });

  it("knows a stream that did not say who it is by its first acknowledgement", async () => {
    const control = await startControl();
    const stream = await open(control);
    expect(await report(control)).toMatchObject({ connected: 1, applied: 0, instances: [] });
    await acknowledge(control, "late", "1");
    expect(await report(control)).toMatchObject({ connected: 1, applied: 1 });
    stream.close();
    await expect.poll(async () => (await report(control)).connected).toBe(0);
  });

  it("counts a web stream by the bulk request that names the revision", async () => {
    const control = await startControl();
    const bulk = (query: string): Promise<Response> =>
      control.ask("POST", `/ofrep/v1/evaluate/flags${query}`, {
        key: control.keys.evaluate,
        body: { context: { targetingKey: "u" } },
      });
    const { eventStreams } = (await (await bulk("")).json()) as {
      eventStreams: { endpoint: { requestUri: string } }[];
    };
    const stream = await openEvents(new URL(eventStreams[0]?.endpoint.requestUri ?? "", control.url));
    await expect.poll(async () => (await report(control)).connected).toBe(1);
    await toggle(control, "b");
    const event = await stream.next();
    const { type, etag } = JSON.parse(event?.data ?? "") as { type: string; etag: string };
    expect([type, etag]).toEqual(["refetchEvaluation", "2"]);
    expect(await report(control)).toMatchObject({ connected: 1, applied: 0 });
    await bulk(`?flagConfigEtag=${etag}`);
    const after = await report(control);
    expect(after).toMatchObject({ connected: 1, applied: 1 });
    expect(after.instances[0]?.kind).toBe("web");
    expect(JSON.stringify(after)).not.toContain('"u"');
    stream.close();
  });

  it("lists who polls, with the interval", async () => {
    let nowMs = 1_000_000;
    const control = await startControl({ clock: { now: () => nowMs } });
    for (let index = 0; index < 3; index += 1) {
      await control.ask("GET", "/v1/rulesets/shop.prod", { headers: { "user-agent": "flagd/1.0" } });
      nowMs += 5000;
    }
    expect((await report(control)).polling).toEqual([{ agent: "flagd/1.0", intervalMs: 5000 }]);
  });
});
