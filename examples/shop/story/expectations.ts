import { storyFlag, type Summary } from "./summary.ts";

/** What must have happened, as sentences; the story fails with those that did not. */
export function findMissing(summary: Summary, incident: "dark-mode" | "none"): readonly string[] {
  const missing: string[] = [];
  const must = (holds: boolean, sentence: string): void => {
    if (!holds) missing.push(sentence);
  };
  must(summary.changeEvents > 0, "a flag change arrived as an OTLP event");
  must(
    summary.services.length === 3,
    `spans of all three services arrived (${summary.services.join(", ") || "none"})`,
  );
  must(
    summary.spans.eligible >= 2_000,
    `at least 2,000 spans ended after an evaluation (${summary.spans.eligible})`,
  );
  must(
    summary.spans.untaggedAfterEvaluation === 0,
    `every such span carries the flag (${summary.spans.untaggedAfterEvaluation} do not)`,
  );
  must(summary.logs.eligible > 0, "logs were written after an evaluation");
  must(
    summary.logs.untaggedAfterEvaluation === 0,
    `every such log carries the flag (${summary.logs.untaggedAfterEvaluation} do not)`,
  );
  if (incident === "none") {
    must(summary.blamed === null, `no flag was killed (${summary.blamed} was)`);
    return missing;
  }
  must(summary.blamed === storyFlag, `${storyFlag} alone was killed (${summary.blamed ?? "nothing was"})`);
  must(summary.detectionMs !== null, "the guard decided");
  must(
    summary.decisionToAppliedMs?.instances === 3,
    `three processes said that they applied the kill (${summary.decisionToAppliedMs?.instances ?? 0} did)`,
  );
  must(
    (summary.decisionToAppliedMs?.max ?? Infinity) < 2_000,
    `the last one within 2 s (${summary.decisionToAppliedMs?.max ?? "never"} ms)`,
  );
  must(summary.unitsHarmed > 0, "the users harmed were counted");
  must(
    summary.errorRateAfter < summary.errorRateDuring.treatment,
    `the errors stopped (${summary.errorRateAfter} after, ${summary.errorRateDuring.treatment} during)`,
  );
  return missing;
}
