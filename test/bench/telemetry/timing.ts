import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Nanoseconds per call of `work` over `calls` calls. */
export function nanosPerCall(work: () => void, calls: number): number {
  const start = process.hrtime.bigint();
  for (let call = 0; call < calls; call += 1) work();
  return Number(process.hrtime.bigint() - start) / calls;
}

/** Bytes allocated per call; `calls` must be few enough that no garbage is collected in between. */
export function bytesPerCall(work: () => void, calls: number): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let call = 0; call < calls; call += 1) work();
  return Math.max(0, process.memoryUsage().heapUsed - before) / calls;
}

/** Bytes in use after collecting garbage. */
export function liveBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
