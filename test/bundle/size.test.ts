import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleForBrowser, gzippedBytes } from "../browser/bundle.ts";

const entryOf = (path: string): { readonly file: string } => ({
  file: fileURLToPath(new URL(`../../packages/${path}`, import.meta.url)),
});

/** What the page's own bundle holds anyway: the peers of packages/telemetry. */
const peers = ["@openfeature/*", "@opentelemetry/*", "web-vitals"];

test("the web entry of telemetry is at most 6 kB after min and gzip, peers external", async () => {
  const bundle = await bundleForBrowser(entryOf("telemetry/src/web/index.ts"), {
    external: peers,
    minify: true,
  });
  expect(gzippedBytes(bundle)).toBeLessThanOrEqual(6_000);
});

test("with web-vitals inside it is at most 9 kB", async () => {
  const external = peers.filter((peer) => peer !== "web-vitals");
  const bundle = await bundleForBrowser(entryOf("telemetry/src/web/index.ts"), { external, minify: true });
  expect(gzippedBytes(bundle)).toBeLessThanOrEqual(9_000);
});

test("the adapters bring at most 1 kB to a page", async () => {
  const bundle = await bundleForBrowser(entryOf("telemetry/src/adapters/index.ts"), {
    external: peers,
    minify: true,
  });
  expect(gzippedBytes(bundle)).toBeLessThanOrEqual(1_000);
});
