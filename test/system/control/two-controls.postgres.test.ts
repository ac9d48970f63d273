import { openPostgresStore } from "@flagspan/control";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openEvents } from "../../control/http/sse.ts";
import { startControlProcess } from "./control-process.ts";
import type { ControlProcess } from "./control-process.ts";
import { startPostgres } from "./postgres-cluster.ts";
import type { PostgresCluster } from "./postgres-cluster.ts";

const WRITES = 60;
const flag = (text: string): object => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "on",
  metadata: { description: text },
});

let cluster: PostgresCluster;
let controls: ControlProcess[] = [];
beforeAll(async () => {
  cluster = await startPostgres();
  controls = await Promise.all([startControlProcess(cluster.url), startControlProcess(cluster.url)]);
});
afterAll(async () => {
  for (const control of controls) await control.kill();
  await cluster.stop();
});

/** Reads a process's stream into `seen` until it breaks. */
async function follow(control: ControlProcess, seen: number[]): Promise<void> {
  const url = new URL("/v1/rulesets/shop.prod/stream", control.url);
  const stream = await openEvents(url, { authorization: `Bearer ${control.key}` });
  for (let event = await stream.next(); event !== undefined; event = await stream.next())
    seen.push(Number(event.id));
}

describe("two control processes over one Postgres, one of which dies", () => {
  it("lose no acknowledged write, make no revision twice, and never serve an older one after a newer", async () => {
    const [first, second] = controls;
    if (first === undefined || second === undefined) throw new TypeError("two controls are running");
    await first.ask("PUT", "/v1/flags/shop.prod/start", { flag: flag("start"), reason: "start" });
    const streams: [number[], number[]] = [[], []];
    const following = [follow(first, streams[0]), follow(second, streams[1])];

    const acknowledged: { revision: number; id: string }[] = [];
    const polled: number[] = [];
    const polling = new AbortController();
    const poller = (async () => {
      while (!polling.signal.aborted) {
        const response = await second.ask("GET", "/v1/rulesets/shop.prod");
        polled.push(Number(((await response.json()) as { metadata: { version: string } }).metadata.version));
      }
    })();
    const write = async (control: ControlProcess, name: string): Promise<void> => {
      for (let index = 0; index < WRITES; index += 1) {
        const body = { flag: flag(`${name} ${index}`), reason: "race" };
        const response = await control.ask("PUT", `/v1/flags/shop.prod/${name}`, body).catch(() => undefined);
        if (response?.status !== 200) continue;
        const { revision, change } = (await response.json()) as { revision: string; change: { id: string } };
        acknowledged.push({ revision: Number(revision), id: change.id });
        if (name === "a" && index === WRITES / 2) void first.kill();
      }
    };
    await Promise.all([write(first, "a"), write(second, "b")]);
    await following[0];

    const store = await openPostgresStore({ url: cluster.url });
    const head = await store.rulesets.head("shop.prod");
    await expect.poll(() => streams[1].at(-1), { timeout: 10_000 }).toBe(head);
    polling.abort();
    await poller;

    expect(new Set(acknowledged.map((one) => one.revision)).size).toBe(acknowledged.length);
    expect(acknowledged.length).toBeGreaterThanOrEqual(WRITES + WRITES / 2);
    const outbox = await store.outbox.readAfter(0, 10_000);
    const ids = outbox.map((entry) => entry.change.id);
    for (const { id } of acknowledged) expect(ids).toContain(id);
    expect(outbox.map((entry) => entry.seq)).toEqual(outbox.map((_entry, index) => index + 1));
    expect(await store.audit.verify()).toMatchObject({ ok: true });
    for (const seen of streams) {
      expect(seen).toEqual(seen.map((_revision, index) => (seen[0] ?? 0) + index));
    }
    expect(polled).toEqual([...polled].sort((a, b) => a - b));

    const late = await openEvents(new URL("/v1/rulesets/shop.prod/stream", second.url), {
      authorization: `Bearer ${second.key}`,
      "last-event-id": String(head),
    });
    await second.ask("PUT", "/v1/flags/shop.prod/last", { flag: flag("last"), reason: "after" });
    expect(await late.next()).toMatchObject({ event: "patch", id: String(head + 1) });
    late.close();
    await store.close();
  });

  it("count what is connected to either of them", async () => {
    const [, second] = controls;
    const third = await startControlProcess(cluster.url);
    controls.push(third);
    if (second === undefined) throw new TypeError("the second control lives");
    const open = (control: ControlProcess, instance: string): ReturnType<typeof openEvents> =>
      openEvents(new URL("/v1/rulesets/shop.prod/stream", control.url), {
        authorization: `Bearer ${control.key}`,
        "flagspan-instance": instance,
      });
    const streams = [await open(second, "x"), await open(third, "y")];
    const report = async (): Promise<unknown> =>
      (await second.ask("GET", "/v1/rulesets/shop.prod/applied")).json();
    const { revision } = (await report()) as { revision: string };
    await third.ask("POST", "/v1/rulesets/shop.prod/applied", { revision, instance: "y" });
    await expect
      .poll(
        async () => ((await report()) as { instances: { instance: string; connected: boolean }[] }).instances,
        {
          timeout: 10_000,
        },
      )
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({ instance: "x", connected: true }),
          expect.objectContaining({ instance: "y", connected: true, revision }),
        ]),
      );
    for (const stream of streams) stream.close();
  });
});
