export { createGuard } from "./rollouts/guard.ts";
export type { Guard, GuardOptions, ObserveResult } from "./rollouts/guard.ts";
export type { GuardNotice } from "./rollouts/rollout-runner.ts";
export type { Decider, DeciderActor, DeciderAnswer } from "./rollouts/decider.ts";
export type { DocumentStore } from "./rollouts/document-store.ts";
export type {
  DelayView,
  GuardrailView,
  RolloutView,
  StageView,
  TimelineEntry,
  UnitOutcomeView,
} from "./rollouts/rollout-view.ts";
export { createControlClient, ControlError } from "./acting/control-client.ts";
export type {
  AppliedReport,
  ControlClient,
  ControlClientOptions,
  ControlWrite,
} from "./acting/control-client.ts";
export { parseFastLaneEvent } from "./observations/fast-lane-event.ts";
export type {
  Arm,
  ExposuresEvent,
  FastLaneEvent,
  FastLaneRecord,
  OutcomeEvent,
} from "./observations/fast-lane-event.ts";
export { ObservationBook } from "./observations/observation-book.ts";
export type { BookLimits, WatchedRollout } from "./observations/observation-book.ts";
export { noObservations } from "./observations/observations.ts";
export type { ArmCounts, Observations, StageObservations } from "./observations/observations.ts";
export { parsePlan } from "./plan/parse-plan.ts";
export type { ParsePlanOptions, ParsePlanResult } from "./plan/parse-plan.ts";
export type { Guardrail, Hold, Plan, Stage } from "./plan/plan.ts";
export type { PlanIssue } from "./plan/plan-issue.ts";
export { decide } from "./life/decide.ts";
export type { Decision } from "./life/decide.ts";
export { applyCommand } from "./life/command.ts";
export type { Command, CommandAnswer, Verb } from "./life/command.ts";
export { initialState } from "./life/state.ts";
export type { Action, Breach, Reason, RolloutState } from "./life/state.ts";
export { listChosen, listShares, nameStage } from "./life/stage-name.ts";
export { transitions } from "./life/transitions.ts";
export type { LifeEvent, Status } from "./life/transitions.ts";
export { createPrometheusClient } from "./signals/prometheus.ts";
export type { PrometheusClient, PrometheusOptions, QueryAnswer } from "./signals/prometheus.ts";
export type { InboundAlert } from "./signals/alert-board.ts";
export { rateRatioEvidence, meanEvidence, anytimeP } from "./statistics/rate-ratio.ts";
export type { Stratum } from "./statistics/rate-ratio.ts";
export { estimateRateRatio } from "./statistics/confidence-sequence.ts";
export type { RateRatio } from "./statistics/confidence-sequence.ts";
export { sampleRatioEvidence } from "./statistics/sample-ratio.ts";
export { limitEvidence, shareLowerBound } from "./statistics/limit.ts";
export { spendAlpha } from "./statistics/alpha.ts";
export { expectDetectionSeconds, expectTreatedBadUnits } from "./statistics/planner.ts";
export { renderReport } from "./report/render-report.ts";
