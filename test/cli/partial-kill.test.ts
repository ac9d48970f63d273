import { FlagspanProvider } from "@flagspan/provider/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../bridge/until.ts";
import { startServe, type ServeProcess } from "./serve-process.ts";

let server: ServeProcess;
let provider: FlagspanProvider;

beforeAll(async () => {
  server = await startServe();
  const flag = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" };
  const ruleset = {
    $evaluators: { internal: { ends_with: [{ var: "email" }, "@example.com"] } },
    flags: { "dark-mode": flag, search: { ...flag, defaultVariant: "off" } },
  };
  await server.send("PUT", "/v1/rulesets/shop.prod", { ruleset, reason: "the shop opens" });
  provider = new FlagspanProvider({ url: server.url, key: server.key, set: "shop.prod" });
  await provider.initialize();
});
afterAll(async () => {
  await provider.onClose();
  await server.close();
});

const users = [
  { targetingKey: "a", appVersion: "2.3.0", email: "a@example.com" },
  { targetingKey: "b", appVersion: "2.10.0", email: "b@example.com" },
  { targetingKey: "c", appVersion: "2.3.0", email: "c@home.example" },
  { targetingKey: "d", appVersion: "2.10.0", email: "d@home.example" },
];
const answers = (flag: string): readonly boolean[] =>
  users.map((user) => provider.evaluateSync(flag, false, user).value);
const become = async (flag: string, wanted: readonly boolean[]): Promise<void> =>
  until(`${flag} to be ${wanted.join()}`, () => answers(flag).join() === wanted.join());

test("`flag kill --semver` switches some versions off, `--segment` some users, and restore brings them back", async () => {
  const kill = ["flag", "kill", "shop.prod", "dark-mode", "--reason", "old apps crash"];
  await become("dark-mode", [true, true, true, true]);
  await server.flagspan(...kill, "--semver", "appVersion < 2.4.0");
  await become("dark-mode", [false, true, false, true]);
  await server.flagspan(...kill, "--segment", "internal");
  await become("dark-mode", [false, false, false, true]);
  const told = await server.flagspan("changes", "--flag", "dark-mode");
  expect(told).toMatch(/killed dark-mode .*appVersion < 2\.4\.0/);
  await server.flagspan("flag", "restore", "shop.prod", "dark-mode", "--reason", "fixed");
  await become("dark-mode", [true, true, true, true]);
});

test("`rollout abort --semver` switches some versions off while the rollout goes on", async () => {
  const start = [
    "rollout",
    "start",
    "search",
    "--set",
    "shop.prod",
    "--stages",
    "internal,50%",
    "--hold",
    "1h",
  ];
  const started = await server.flagspan(...start);
  const id = /search-\d+/.exec(started)?.[0] ?? "";
  await become("search", [true, true, false, false]);
  await server.flagspan(
    "rollout",
    "abort",
    id,
    "--semver",
    "appVersion < 2.4.0",
    "--reason",
    "old apps crash",
  );
  await become("search", [false, true, false, false]);
  expect(await server.flagspan("rollout", "status", id)).toMatch(/search {2}running/);
});

test("a part that cannot be read is refused with how to write it", async () => {
  const kill = ["flag", "kill", "shop.prod", "dark-mode", "--reason", "x", "--semver", "older than 2"];
  await expect(server.flagspan(...kill)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"appVersion < 2.3.1"') as string,
  });
});
