import { execFile } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startControl, type TestControl } from "../control/start.ts";
import { listBlocks, root, type CodeBlock } from "./blocks.ts";
import { makeFolder } from "./folder.ts";
import { fillPlaceholders } from "./placeholders.ts";
import { startReceiver, type Receiver } from "./receiver.ts";
import { findStale, prologue, useOf } from "./typescript-blocks.ts";

let control: TestControl;
let receiver: Receiver;
beforeAll(async () => {
  // As `flagspan dev` does, apps may read without a key.
  control = await startControl({
    anonymous: { scopes: ["evaluate", "sync", "telemetry"], sets: ["*"] },
  });
  const flag = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
  await control.ask("PUT", "/v1/flags/shop.prod/stock-cache", { body: { flag, reason: "the shop's own" } });
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const blocks = listBlocks("ts");
const used = (kind: string): readonly CodeBlock[] => blocks.filter(({ name }) => useOf(name).kind === kind);

/** Runs node on a script and answers what it printed; an exit code other than 0 throws with what it said. */
async function run(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...args], {
    cwd: folder,
    timeout: 60_000,
    env: {
      PATH: process.env["PATH"] ?? "",
      FLAGSPAN_KEY: control.keys.everything,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      NO_COLOR: "1",
      ...env,
    },
  });
  return stdout;
}

test("the table names only blocks that there are", () => {
  expect(findStale(blocks.map(({ name }) => name))).toEqual([]);
});

describe("every TypeScript block that needs no browser runs, and does what its text says", () => {
  test.concurrent.each(used("runs").map((block) => [block.name, block] as const))(
    "%s",
    async (_name, block) => {
      const use = useOf(block.name);
      if (use.kind !== "runs") throw new Error("not a block that runs");
      const folder = makeFolder();
      copyFileSync(join(root, "examples/shop/flags.json"), join(folder, "flags.json"));
      const surroundings = {
        control: control.url,
        pageKey: control.keys.evaluate,
        collector: receiver.url,
        folder,
      };
      const text = [prologue, use.before ?? "", fillPlaceholders(block.code, surroundings), use.after ?? ""];
      const source = fillPlaceholders(text.join("\n"), surroundings);
      const { code } = await transform(source, { loader: "ts", format: "esm", target: "node20" });
      writeFileSync(join(folder, "app.mjs"), code);
      const printed = await run(folder, ["app.mjs"], use.env);
      expect(printed).toMatch(use.prints ?? /^/);
    },
  );

  test("the ten lines of a Node app tag their spans with the flag, and the spans arrive", () => {
    expect(receiver.spans).toContainEqual(
      expect.objectContaining({
        name: "checkout",
        attributes: expect.objectContaining({ "feature_flags.stock-cache": "on" }) as unknown,
      }),
    );
  });
});

test.each(used("vitest").map((block) => [block.name, block] as const))(
  "%s passes as the test it is",
  async (_name, { code }) => {
    const folder = makeFolder();
    writeFileSync(join(folder, "shop.test.ts"), code);
    writeFileSync(join(folder, "vitest.config.js"), "export default {};");
    const printed = await run(folder, [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--root",
      folder,
    ]);
    expect(printed).toMatch(/Tests {2}1 passed/);
  },
);
