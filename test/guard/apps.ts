import { context } from "@opentelemetry/api";
import type { Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { decodeLogs } from "@flagspan/bridge/otlp";
import { parseFastLaneEvent } from "@flagspan/guard";
import type { FastLaneEvent } from "@flagspan/guard";
import { evaluate, parseRuleset } from "@flagspan/ruleset";
import type { FlagDefinition, Ruleset } from "@flagspan/ruleset";
import { createFlagTelemetry } from "@flagspan/telemetry";
import type { FlagTelemetry } from "@flagspan/telemetry";

/** One process of an app: the real SDK and our telemetry, whose fast lane ends in `received` after a trip through OTLP. */
export interface App {
  /** Handles one request of a user; `fails` and `takesMs` say what happens after the flag was read. Answers the variant. */
  request(
    user: string,
    email: string,
    what: (variant: string) => { fails: boolean; takesMs: number },
  ): string;
  /** Replaces the ruleset, as a provider would on a patch. */
  load(flag: FlagDefinition): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

const evaluators = { internal: { ends_with: [{ var: "email" }, "@example.com"] } };

/** Starts a process; events arrive in `received` as control's intake would hand them to the guard. */
export function startApp(
  name: string,
  nowMs: () => number,
  received: (events: readonly FastLaneEvent[]) => void,
): App {
  let monotonicMs = 0;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const telemetry: FlagTelemetry = createFlagTelemetry({
    guardEndpoint: "http://control.test",
    resource: { "service.name": name },
    clock: { nowMs, monotonicMs: () => monotonicMs },
    fetch: (_url, init) => {
      const decoded = decodeLogs(new TextEncoder().encode(init.body), "application/json");
      if (!decoded.ok) throw new Error(decoded.problem);
      received(decoded.records.flatMap((record) => parseFastLaneEvent(record) ?? []));
      return Promise.resolve({ ok: true, status: 200 });
    },
  });
  const provider = new NodeTracerProvider({ spanProcessors: [telemetry.spanProcessor] });
  const tracer: Tracer = provider.getTracer(name);
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  let ruleset: Ruleset | undefined;
  return {
    load(flag) {
      const parsed = parseRuleset({
        flags: { "dark-mode": flag },
        $evaluators: evaluators,
        metadata: { flagSetId: "shop.prod" },
      });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
      ruleset = parsed.ruleset;
    },
    request(user, email, what) {
      if (ruleset === undefined) throw new Error("no ruleset yet");
      const startMs = nowMs();
      const answer = evaluate(ruleset, "dark-mode", { targetingKey: user, email }, startMs);
      tracer.startActiveSpan("request", { root: true }, (span) => {
        evaluated(
          { flagKey: "dark-mode", context: { targetingKey: user }, providerMetadata: { name: "flagspan" } },
          {
            value: answer.value === true,
            reason: answer.reason,
            flagMetadata: { ...answer.metadata, contextId: `unit-${user}` },
            ...(answer.variant === undefined ? {} : { variant: answer.variant }),
          },
        );
        const { fails, takesMs } = what(answer.variant ?? "");
        if (fails) span.setAttribute("http.response.status_code", 500);
        monotonicMs += takesMs;
        span.end();
      });
      return answer.variant ?? "";
    },
    flush: async () => telemetry.forceFlush(),
    async close() {
      await telemetry.shutdown();
      await provider.shutdown();
      context.disable();
    },
  };
}
