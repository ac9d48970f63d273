import { execFile } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { installFolder, packPackages } from "../packed/install.ts";

const run = promisify(execFile);
const script = "lifecycle-under-sdk.mjs";

/** Every minor of the SDKs that README and peer ranges promise, the last patch of each; the newest is what npm has. */
const minors = [
  { server: "1.20.2", web: "1.7.3" },
  { server: "1.21.0", web: "1.8.0" },
  { server: "1.22.0", web: "1.9.0" },
  { server: "1.23.0", web: "1.10.0" },
];

test("the matrix begins where the peer ranges begin", () => {
  const path = new URL("../../../packages/provider/package.json", import.meta.url);
  const { peerDependencies } = JSON.parse(readFileSync(path, "utf8")) as {
    peerDependencies: Record<string, string>;
  };
  expect(peerDependencies).toMatchObject({
    "@openfeature/server-sdk": "^1.20.0",
    "@openfeature/web-sdk": "^1.7.0",
  });
});

test.each(minors)(
  "under server SDK $server and web SDK $web, one life has one READY, honest states, and the client's details",
  { timeout: 300_000 },
  async ({ server, web }) => {
    const sdks = { "@openfeature/server-sdk": server, "@openfeature/web-sdk": web };
    const folder = installFolder(`sdk-${server}`, sdks, packPackages(["ruleset", "provider"]));
    copyFileSync(fileURLToPath(new URL(script, import.meta.url)), join(folder, script));
    const { stdout } = await run(process.execPath, [script], { cwd: folder });
    const heard = JSON.parse(stdout) as { server: object; web: object };
    const stages = ["before", "after", "finally"];
    expect(heard.server).toMatchObject({
      heard: ["Ready", "ConfigurationChanged a", "Stale", "Ready"],
      stages: [...stages, ...stages, "before", "error", "finally"],
      same: true,
      details: { value: true, variant: "on", reason: "STATIC" },
      missing: { value: true, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" },
      stale: "STALE",
      ready: "READY",
    });
    const changed = ["Reconciling", "ContextChanged"];
    expect(heard.web).toEqual({
      heard: ["Ready", ...changed, "Reconciling", "Error", ...changed],
      values: ["ann", "bob", "none", "eve"],
      failed: "ERROR",
      ready: "READY",
    });
  },
);
