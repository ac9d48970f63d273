/** The part of what is left that one run may spend; the rest stays for the runs after a resume. */
const runPart = 0.8;

/**
 * Returns the error probability one guardrail may spend in one run of a rollout.
 *
 * `total` is the plan's `alpha`, the chance of one false kill in the whole rollout. It is split evenly over the guardrails that can kill.
 * Run 0 may spend 80 % of it, and each resume after a kill 80 % of what is then left: 0.8, 0.16, 0.032, ... The sum over all runs stays below
 * `total` however often somebody resumes, and something is always left.
 */
export function spendAlpha(total: number, guardrails: number, run: number): number {
  return (total * runPart * (1 - runPart) ** run) / Math.max(1, guardrails);
}
