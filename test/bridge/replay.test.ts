import { createHmac } from "node:crypto";
import { createWebhookIntake, type UnknownEvent } from "@flagspan/bridge/webhooks";
import { createControl, createKey, openMemoryStore } from "@flagspan/control";
import { expect, test } from "vitest";

const secret = "a-long-shared-secret";

test("an unknown webhook that control has kept is read again by a later version, into the change it means", async () => {
  const store = await openMemoryStore();
  const { token } = await createKey(store, {
    name: "ada",
    scopes: ["admin"],
    sets: ["*"],
    actorType: "user",
  });
  const intake = createWebhookIntake({ vendors: { launchdarkly: { secret } }, documents: store.documents });
  const control = createControl({ store, webhooks: intake });
  const body = JSON.stringify({
    _id: "entry-1",
    kind: "not-yet-a-flag",
    date: Date.parse("2026-01-31T12:00:00Z"),
    titleVerb: "turned off the flag",
    accesses: [{ action: "updateOn", resource: "proj/web:env/production:flag/dark-mode" }],
    token: { name: "ci", serviceToken: true, secret },
  });
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const taken = await control.fetch(
    new Request("http://control/hooks/launchdarkly", {
      method: "POST",
      headers: { "content-type": "application/json", "x-ld-signature": signature },
      body,
    }),
  );
  expect(taken.status).toBe(200);

  const listed = await control.fetch(
    new Request("http://control/hooks/unknown", { headers: { authorization: `Bearer ${token}` } }),
  );
  const text = await listed.text();
  expect(text).not.toContain(secret);
  const { vendors } = JSON.parse(text) as {
    vendors: { vendor: string; events: { replay: UnknownEvent[] }[] }[];
  };
  const [event] = vendors[0].events[0].replay;
  expect(event).toMatchObject({ vendor: "launchdarkly", kind: "kind not-yet-a-flag", isWhole: true });
  // The upgrade is played by the kept body, whose kind becomes one that is read.
  const later = { ...event, body: event.body.replace("not-yet-a-flag", "flag") };
  expect(await intake.replay(later)).toMatchObject({
    status: 200,
    changes: [
      {
        id: "launchdarkly:entry-1:production:dark-mode",
        flagKey: "dark-mode",
        action: "disabled",
        actor: { id: "ci", type: "api" },
        occurredAt: "2026-01-31T12:00:00.000Z",
      },
    ],
  });
  await control.close();
  await store.close();
});
