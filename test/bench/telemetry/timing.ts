import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/**
 * CPU nanoseconds per call of `work` over `calls` calls, garbage collection included. CPU time rather than the clock's, so
 * that a busy machine does not count as ours.
 */
export function nanosPerCall(work: () => void, calls: number): number {
  const start = process.cpuUsage();
  for (let call = 0; call < calls; call += 1) work();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / calls;
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
