import { setTimeout as wait } from "node:timers/promises";
import type { RolloutView } from "@flagspan/guard";
import type { CommandIo } from "../../command.ts";
import { showRollout } from "./show-rollout.ts";

const over = ["completed", "killed", "rolled-back"];

/**
 * Shows a rollout every second until it ends or Ctrl-C: redrawn in place on a terminal, one line per change elsewhere. Exit code 1 if it ended in a kill.
 */
export async function watchRollout(load: () => Promise<RolloutView>, io: CommandIo): Promise<number> {
  let drawn = 0;
  let last = "";
  for (;;) {
    const view = await load();
    const text = showRollout(view, io.now());
    if (io.isTTY) {
      io.stdout(`${drawn === 0 ? "" : `\u001B[${drawn}A\u001B[J`}${text}`);
      drawn = text.split("\n").length - 1;
    } else {
      const line = `${view.flag} ${view.status} ${view.stage} ${view.reasons.join("; ")}\n`;
      if (line !== last) io.stdout(line);
      last = line;
    }
    const everywhere =
      view.propagation === null || view.propagation.everywhereMs !== undefined || view.propagation.alarmed;
    if (over.includes(view.status) && everywhere) return view.status === "killed" ? 1 : 0;
    await wait(1000, undefined, { signal: io.signal }).catch(() => undefined);
    if (io.signal.aborted) return 0;
  }
}
