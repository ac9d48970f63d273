import type { Propagation } from "../life/state.ts";
import type { AppliedReport } from "./control-client.ts";

/** A change must be everywhere within this time; else people are told. */
export const everywhereWithinMs = 10_000;

/**
 * Updates how far a change has got from control's report of acknowledgements; a function of its arguments. The alarm is raised once, when an instance
 * that is connected has not applied the change 10 s after the decision.
 */
export function followPropagation(
  propagation: Propagation,
  report: AppliedReport | undefined,
  nowMs: number,
): { readonly propagation: Propagation; readonly alarm: string | undefined } {
  if (propagation.everywhereMs !== undefined) return { propagation, alarm: undefined };
  const seen =
    report === undefined
      ? propagation
      : { ...propagation, connected: report.connected, applied: report.applied };
  if (report !== undefined && report.applied >= report.connected) {
    const moments = report.instances
      .map((entry) => Date.parse(entry.appliedAt ?? ""))
      .filter((at) => at >= propagation.decidedMs);
    return {
      propagation: { ...seen, everywhereMs: moments.length === 0 ? nowMs : Math.max(...moments) },
      alarm: undefined,
    };
  }
  if (propagation.alarmed || nowMs - propagation.decidedMs < everywhereWithinMs)
    return { propagation: seen, alarm: undefined };
  return {
    propagation: { ...seen, alarmed: true },
    alarm:
      report === undefined
        ? `control does not say who applied revision ${propagation.revision}, 10 s after the decision.`
        : `only ${report.applied} of ${report.connected} connected instances applied revision ${propagation.revision} within 10 s.`,
  };
}
