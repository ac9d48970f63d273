import { expect, test } from "vitest";
import { contractOf, violationsOf } from "./contract.ts";
import { readEvents } from "./events.ts";
import { startLive } from "./live.ts";
import { routeContracts } from "./route-contracts.ts";

/** Requests in an order in which a real control takes them all; a body that is left out is every example of its fixture, in turn. */
const script: readonly (readonly [route: string, path: string, body?: unknown])[] = [
  ["PUT /v1/rulesets/{set}", "/v1/rulesets/shop.test"],
  ["GET /v1/rulesets/{set}", "/v1/rulesets/shop.prod"],
  ["GET /v1/rulesets/{set}/revisions/{revision}", "/v1/rulesets/shop.prod/revisions/1"],
  ["POST /v1/rulesets/{set}/applied", "/v1/rulesets/shop.prod/applied"],
  ["GET /v1/rulesets/{set}/applied", "/v1/rulesets/shop.prod/applied"],
  ["PUT /v1/flags/{set}/{key}", "/v1/flags/shop.prod/made"],
  ["PATCH /v1/flags/{set}/{key}", "/v1/flags/shop.prod/closed"],
  ["GET /v1/flags/{set}/{key}", "/v1/flags/shop.prod/dark-mode"],
  ["POST /v1/flags/{set}/{key}/kill", "/v1/flags/shop.prod/new-search", contractOf("kill").examples[3]],
  ["POST /v1/flags/{set}/{key}/kill", "/v1/flags/shop.prod/new-search", contractOf("kill").examples[0]],
  ["GET /v1/flags/{set}", "/v1/flags/shop.prod"],
  ["POST /v1/flags/{set}/{key}/restore", "/v1/flags/shop.prod/new-search"],
  ["DELETE /v1/flags/{set}/{key}", "/v1/flags/shop.prod/made"],
  ["GET /v1/changes", "/v1/changes?set=shop.prod&limit=3"],
  ["GET /v1/changes", "/v1/changes?after=1000"],
  ["GET /v1/changes/verify", "/v1/changes/verify"],
  ["GET /v1/rollouts", "/v1/rollouts"],
  [
    "POST /v1/rollouts",
    "/v1/rollouts",
    { flag: "dark-mode", set: "shop.prod", stages: "10%,50%,100%", hold: "1h" },
  ],
  ["POST /v1/rollouts/{id}/start", "/v1/rollouts/dark-mode-1/start"],
  ["GET /v1/rollouts/{id}", "/v1/rollouts/dark-mode-1"],
  ["POST /ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags"],
  ["POST /ofrep/v1/evaluate/flags/{key}", "/ofrep/v1/evaluate/flags/dark-mode"],
  ["POST /ofrep/v1/evaluate/flags/{key}", "/ofrep/v1/evaluate/flags/closed"],
  ["POST /v1/rollouts/{id}/pause", "/v1/rollouts/dark-mode-1/pause"],
  ["POST /v1/rollouts/{id}/resume", "/v1/rollouts/dark-mode-1/resume"],
  ["POST /v1/rollouts/{id}/abort", "/v1/rollouts/dark-mode-1/abort"],
  ["GET /v1/rollouts", "/v1/rollouts"],
  [
    "POST /v1/rollouts",
    "/v1/rollouts",
    {
      flag: "colour",
      set: "shop.prod",
      treatment: "green",
      control: "blue",
      stages: [
        { percent: 10, hold: { min: 0, approval: "required" } },
        { percent: 50, hold: "1h" },
        { percent: 100 },
      ],
      onNoData: "alert",
      start: true,
    },
  ],
  ["POST /v1/rollouts/{id}/approve", "/v1/rollouts/colour-2/approve"],
  ["POST /v1/rollouts/{id}/dial-down", "/v1/rollouts/colour-2/dial-down"],
  ["GET /hooks/unknown", "/hooks/unknown"],
  ["GET /v1/keys", "/v1/keys"],
  ["POST /v1/keys", "/v1/keys"],
  ["GET /healthz", "/healthz"],
  ["GET /readyz", "/readyz"],
];

/** The examples of a route's body; of commands, those of its verb. */
function bodiesOf(route: string): readonly unknown[] {
  const name = routeContracts[route]?.body;
  if (name === undefined) return [undefined];
  const { examples } = contractOf(name);
  if (name !== "rollout-command") return examples;
  return examples.flatMap(({ verb, body }) => (route.endsWith(`/${String(verb)}`) ? [body] : []));
}

test("a live control takes every example, and every answer of every route satisfies its fixture", async () => {
  const live = await startLive();
  await live.tellUnknown();
  const wrong: unknown[] = [];
  const answered = new Set<string>();
  for (const [route, path, given] of script) {
    const [method = ""] = route.split(" ");
    const action = /\/(kill|restore)$/.exec(route)?.[0] ?? "";
    const headers = route.includes("/ofrep/") ? { "flagd-selector": "flagSetId=shop.prod" } : {};
    for (const body of given === undefined ? bodiesOf(route) : [given]) {
      await live.look();
      // Each restores something only if something was killed.
      if (action === "/restore") await live.send("POST", `${path}/kill`, { reason: "to be restored" });
      const { status, body: answer } = await live.send(method, `${path}${action}`, body, headers);
      const name = routeContracts[route]?.answer ?? "";
      // flag-write.json has the request beside its answer.
      const told = name === "flag-write" ? { method, body, answer } : answer;
      const violations = name.startsWith("- ") ? [] : violationsOf(name, told);
      if (status >= 300 || violations.length > 0) wrong.push({ route, status, body, answer, violations });
      answered.add(route);
    }
  }
  expect(wrong).toEqual([]);
  const open = Object.keys(routeContracts).filter(
    (route) => !answered.has(route) && !routeContracts[route]?.answer.startsWith("- "),
  );
  expect(open).toEqual([]);
  const unit = await live.send("GET", "/v1/rollouts/unit%3AkX9vQ2mT4nB7wYzE");
  expect(violationsOf("unit-outcomes", unit.body)).toEqual([]);
  await live.close();
});

test("the streams begin with a snapshot and go on with patches, and tell pages to fetch again", async () => {
  const live = await startLive();
  const sync = await live.send("GET", "/v1/rulesets/shop.prod/stream");
  const bulk = await live.send(
    "POST",
    "/ofrep/v1/evaluate/flags",
    { context: { targetingKey: "ada" } },
    { "flagd-selector": "flagSetId=shop.prod" },
  );
  const [stream] = (bulk.body as { eventStreams: readonly { endpoint: { requestUri: string } }[] })
    .eventStreams;
  const page = await live.send("GET", stream?.endpoint.requestUri ?? "");
  await live.send("PATCH", "/v1/flags/shop.prod/closed", { flag: { state: "ENABLED" }, reason: "open" });

  const [snapshot, patch] = await readEvents(sync.stream, 2);
  expect([snapshot?.event, violationsOf("ruleset", snapshot?.data)]).toEqual(["snapshot", []]);
  expect([patch?.event, violationsOf("patch", patch?.data)]).toEqual(["patch", []]);
  const [refetch] = await readEvents(page.stream, 1);
  expect([refetch?.event, violationsOf("ofrep-refetch", refetch?.data)]).toEqual(["message", []]);
  await live.close();
});
