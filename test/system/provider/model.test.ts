import { expect, test } from "vitest";
import { playModel } from "../../provider/model.ts";

test(
  "for minutes on end, no older revision follows a newer one, and the newest is reached",
  { timeout: 600_000 },
  async () => {
    await expect(playModel(300, 40)).resolves.toBeUndefined();
  },
);
