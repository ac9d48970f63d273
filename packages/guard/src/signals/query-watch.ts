import type { QueryObservation } from "../observations/observations.ts";
import type { Plan, QueryGuardrail } from "../plan/plan.ts";
import type { PrometheusClient, QueryAnswer } from "./prometheus.ts";

const askEveryMs = 5000;

/** Keeps the last answers of the query guardrails of every rollout, asking each at most every five seconds. */
export class QueryWatch {
  readonly #prometheus: PrometheusClient | undefined;
  readonly #now: () => number;
  readonly #answers = new Map<string, Record<string, QueryObservation>>();
  readonly #askedMs = new Map<string, number>();

  constructor(prometheus: PrometheusClient | undefined, now: () => number) {
    this.#prometheus = prometheus;
    this.#now = now;
  }

  /** Returns the queries of a plan that cannot be measured now, in words: a guardrail nobody can measure must not pass for a healthy one. */
  async findUnknown(plan: Plan): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const guardrail of queriesOf(plan)) {
      if (this.#prometheus === undefined) {
        problems.push(
          `${guardrail.query} needs a Prometheus; give the guard its address or leave the guardrail out.`,
        );
        continue;
      }
      const answer = await this.#prometheus.query(guardrail.query);
      if (!answer.ok) problems.push(`${guardrail.query}: ${answer.problem}`);
      else if (answer.value === undefined)
        problems.push(
          `${guardrail.query} has no data; is the metric's name right? If it is only counted on failure, add "or vector(0)".`,
        );
    }
    return problems;
  }

  /** Asks what is due, in the background: a slow Prometheus must not delay a kill. */
  ask(rolloutId: string, plan: Plan): void {
    const nowMs = this.#now();
    for (const guardrail of queriesOf(plan)) {
      const key = `${rolloutId}\n${guardrail.id}`;
      const askedMs = this.#askedMs.get(key) ?? 0;
      if (this.#prometheus === undefined || Math.abs(nowMs - askedMs) < askEveryMs) continue;
      this.#askedMs.set(key, nowMs);
      void this.#prometheus
        .query(guardrail.query)
        .then((answer) => this.#keep(rolloutId, guardrail.id, answer));
    }
  }

  read(rolloutId: string): Readonly<Record<string, QueryObservation>> {
    return { ...this.#answers.get(rolloutId) };
  }

  #keep(rolloutId: string, guardrail: string, answer: QueryAnswer): void {
    const answers = this.#answers.get(rolloutId) ?? {};
    const last = answers[guardrail];
    const baseline = last?.baseline ?? (answer.ok ? answer.value : undefined);
    answers[guardrail] = {
      failures: answer.ok ? 0 : (last?.failures ?? 0) + 1,
      ...(answer.ok && answer.value !== undefined ? { value: answer.value } : {}),
      ...(baseline === undefined ? {} : { baseline }),
      ...(answer.ok ? {} : { problem: answer.problem }),
    };
    this.#answers.set(rolloutId, answers);
  }
}

function queriesOf(plan: Plan): readonly QueryGuardrail[] {
  return plan.guardrails.filter((guardrail) => guardrail.kind === "query");
}
