import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

const LIMIT = 6_950;

it("the evaluate-only entry, minified and compressed, takes at most 6,950 bytes", async () => {
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "@flagspan/ruleset/evaluate";', resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions: ["@flagspan/source"],
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(LIMIT);
  // No Node, no code made of text: it must run on every edge runtime.
  expect(new TextDecoder().decode(code)).not.toMatch(/\beval\(|new Function|require\(|from"node:|process\./);
});
