import { expect, it } from "vitest";

import type { LiveSet } from "../ruleset/live-set.ts";
import { createStreamHub } from "./hub.ts";
import type { EventSink } from "./hub.ts";

function revision(number: number): LiveSet {
  return { set: "shop.prod", revision: number, body: Buffer.from(`{"r":${number}}`) } as unknown as LiveSet;
}

function sink(): EventSink & { readonly written: Buffer[]; pendingBytes: number; destroyed: boolean } {
  const written: Buffer[] = [];
  return {
    written,
    pendingBytes: 0,
    destroyed: false,
    write: (bytes) => void written.push(bytes),
    end: (bytes) => void (bytes === undefined ? 0 : written.push(bytes)),
    destroy() {
      this.destroyed = true;
    },
  };
}

const OPTIONS = { maxClients: 3, connectsPerSecond: 100, queueBytes: 100, now: () => 0, random: () => 0.5 };

it("serialises an event once and hands every client the same buffer", async () => {
  const hub = createStreamHub(OPTIONS);
  const clients = [sink(), sink(), sink()];
  for (const client of clients) hub.attach({ sink: client, kind: "ruleset", live: revision(1) });
  expect(hub.publish({ live: revision(2), patch: '{"from":"1"}' })).toBe(3);
  const last = clients.map((client) => client.written.at(-1));
  expect(last[1]).toBe(last[0]);
  expect(last[2]).toBe(last[0]);
  await hub.close(0);
});

it("never tells an older revision after a newer one", async () => {
  const hub = createStreamHub(OPTIONS);
  const client = sink();
  hub.attach({ sink: client, kind: "ruleset", live: revision(5) });
  const before = client.written.length;
  expect(hub.publish({ live: revision(5), patch: "{}" })).toBe(0);
  expect(hub.publish({ live: revision(4), patch: "{}" })).toBe(0);
  expect(client.written).toHaveLength(before);
  await hub.close(0);
});

it("sends the whole ruleset where a revision is missing in between", async () => {
  const hub = createStreamHub(OPTIONS);
  const client = sink();
  hub.attach({ sink: client, kind: "ruleset", live: revision(1) });
  hub.publish({ live: revision(3), patch: '{"from":"2"}' });
  expect(client.written.at(-1)?.toString()).toContain("event: snapshot\nid: 3\n");
  await hub.close(0);
});

it("drops who is too far behind, counts it, and leaves nothing of it", async () => {
  const hub = createStreamHub(OPTIONS);
  const slow = sink();
  hub.attach({ sink: slow, kind: "ruleset", live: revision(1) });
  slow.pendingBytes = 101;
  expect(hub.publish({ live: revision(2), patch: "{}" })).toBe(0);
  expect(slow.destroyed).toBe(true);
  expect(hub.counts).toMatchObject({ clients: 0, dropped: 1 });
  await hub.close(0);
});

it("turns away beyond its limit and never evicts whom it holds", async () => {
  const hub = createStreamHub(OPTIONS);
  for (let index = 0; index < 3; index += 1) {
    expect(hub.admit()).toBe(0);
    hub.attach({ sink: sink(), kind: "ruleset", live: revision(1) });
  }
  expect(hub.admit()).toBeGreaterThan(0);
  expect(hub.counts).toMatchObject({ clients: 3, rejected: 1 });
  await hub.close(0);
});

it("forgets clients that come and go: ten thousand leave nothing behind", async () => {
  const hub = createStreamHub({ ...OPTIONS, maxClients: 20_000 });
  for (let index = 0; index < 10_000; index += 1) {
    const client = hub.attach({ sink: sink(), kind: "refetch", live: revision(1) });
    client.close();
    client.close();
  }
  expect(hub.counts).toMatchObject({ clients: 0, accepted: 10_000 });
  await hub.close(0);
});
