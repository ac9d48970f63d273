import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

/** What a browser or an edge runtime would load for these lines, minified. */
async function bundle(contents: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions: ["@flagspan/source"],
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

it.each([
  ["the evaluate-only entry", 6000, 'export * from "@flagspan/ruleset/evaluate";'],
  [
    "from a parsed document to its answers",
    8400,
    'export { parseRuleset } from "@flagspan/ruleset"; export { evaluate } from "@flagspan/ruleset/evaluate";',
  ],
])(
  "%s, minified and compressed, takes at most %d bytes and runs on every edge runtime",
  async (_, limit, contents) => {
    const code = await bundle(contents);
    expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(limit);
    // No Node, no code made of text.
    expect(new TextDecoder().decode(code)).not.toMatch(
      /\beval\(|new Function|require\(|from"node:|process\./,
    );
  },
);

it("from a parsed document to an answer it takes `parseRuleset`, and the entry's `evaluate`", async () => {
  const code = await bundle(
    'export { parseRuleset } from "@flagspan/ruleset"; export { evaluate } from "@flagspan/ruleset/evaluate";',
  );
  const { parseRuleset, evaluate } = (await import(
    `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`
  )) as typeof import("@flagspan/ruleset");
  const result = parseRuleset({
    $evaluators: { internal: { ends_with: [{ var: "email" }, "@example.com"] } },
    flags: {
      beta: {
        state: "ENABLED",
        variants: { on: true, off: false },
        defaultVariant: "off",
        targeting: { if: [{ $ref: "internal" }, "on"] },
      },
    },
  });
  if (!result.ok) throw new Error("refused");
  const answers = ["ada@example.com", "eve@example.org"].map(
    (email) => evaluate(result.ruleset, "beta", { email }, 0, "boolean").value,
  );
  expect(answers).toStrictEqual([true, false]);
});
