import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { beforeAll, describe, expect, test } from "vitest";

import { startReceiver } from "./receiver.ts";
import { prepareSdkLine, sdkLines } from "./sdk-lines.ts";

describe.each(sdkLines)("$title", (line) => {
  let installed: ReturnType<typeof prepareSdkLine>;
  beforeAll(() => {
    installed = prepareSdkLine(line);
    copyFileSync(
      fileURLToPath(new URL("apps/crash.mjs", import.meta.url)),
      join(installed.folder, "crash.mjs"),
    );
  });

  test.each([
    { way: "exception", code: 1, prints: /RangeError: nobody catches this/u },
    { way: "rejection", code: 1, prints: /RangeError: nobody catches this/u },
    { way: "handled", code: 0, prints: /^$/u },
  ])(
    "an uncaught $way is an outcome that arrives, and the process ends as it would",
    async ({ way, code, prints }) => {
      const receiver = await startReceiver();
      const app = spawn(installed.node, ["--import", "@flagspan/telemetry/register", "crash.mjs"], {
        cwd: installed.folder,
        env: { PATH: process.env["PATH"], ...line.env, WAY: way, FLAGSPAN_GUARD_ENDPOINT: receiver.url },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let errors = "";
      app.stderr.setEncoding("utf8").on("data", (text: string) => {
        errors += text;
      });
      const [ended] = (await once(app, "close")) as [number | null];
      await receiver.close();
      expect([ended, errors]).toEqual([code, expect.stringMatching(prints)]);
      const outcomes = receiver.received.filter(({ name }) => name === "feature_flag.outcome");
      expect(outcomes.map(({ attributes }) => attributes)).toMatchObject([
        {
          "feature_flag.key": "checkout",
          "feature_flag.context.id": "unit-1",
          "feature_flag.outcome.kind": "error",
          "error.type": "RangeError",
        },
      ]);
      expect(receiver.received.map(({ name }) => name)).toContain("feature_flag.exposures");
    },
  );
});
