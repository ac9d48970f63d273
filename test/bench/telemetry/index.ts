import type { BenchOptions, BenchRow } from "../measure.ts";
import { enableContext } from "./apps.ts";
import { hookRows } from "./hook.ts";
import { leakRows } from "./leak.ts";
import { samplerRows } from "./sampler.ts";
import { stockHookRows } from "./stock-hooks.ts";
import { taggingRows } from "./tagging.ts";

/** What telemetry costs an app: its hook, its span tagging, unsampled recording, and memory over a million requests. */
export async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  enableContext();
  // First, since a process has one hook of each: after several of ours the engine would not compile it for one any more.
  yield* stockHookRows(options);
  yield* hookRows(options);
  yield* taggingRows(options);
  yield* samplerRows(options);
  yield* leakRows(options);
}
