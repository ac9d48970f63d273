import { expect, test } from "vitest";
import { playModel } from "./model.ts";

test("whatever the network does, no older revision follows a newer one, and the newest is reached", async () => {
  await expect(playModel(Number(process.env["FLAGSPAN_RUNS"] ?? 12), 25)).resolves.toBeUndefined();
});
