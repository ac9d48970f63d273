import type { AppliedReport } from "@flagspan/guard";

/** How long one revision took to be everywhere, in milliseconds from the decision. */
export interface DrillResult {
  readonly revision: string;
  readonly connected: number;
  readonly applied: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Connected instances that had not applied it when the drill ended. */
  readonly late: readonly string[];
}

/** Measures a drill from control's report of acknowledgements; an instance that is late counts with the whole time of the drill. */
export function measureDrill(
  report: AppliedReport,
  revision: string,
  startedMs: number,
  endedMs: number,
): DrillResult {
  const connected = report.instances.filter((entry) => entry.connected !== false);
  const isLate = (entry: (typeof connected)[number]): boolean =>
    Number(entry.revision ?? 0) < Number(revision);
  const times = connected
    .map((entry) => (isLate(entry) ? endedMs : Date.parse(entry.appliedAt ?? "")) - startedMs)
    .map((ms) => Math.max(0, Math.round(ms)))
    .sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)] ?? 0;
  return {
    revision,
    connected: report.connected,
    applied: report.applied,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: times.at(-1) ?? 0,
    late: connected.filter(isLate).map((entry) => entry.instance),
  };
}
