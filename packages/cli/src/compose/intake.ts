import { decodeLogs, decodeMetrics, decodeTraces } from "@flagspan/bridge/otlp";
import type { OtlpIntake } from "@flagspan/control";
import { parseFastLaneEvent, type FastLaneEvent, type Guard } from "@flagspan/guard";

/** Called with what arrived and was not for the guard. */
export type TelemetryListener = (signal: "logs" | "traces" | "metrics", records: number) => void;

/**
 * Creates the intake of control's OTLP routes: outcome and exposure events go to the guard, with the scopes of the key that sent
 * them, so that it knows whom to believe; everything else is counted for `onTelemetry` and dropped.
 */
export function createFastLaneIntake(
  guard: Pick<Guard, "observe">,
  onTelemetry: TelemetryListener = () => undefined,
): OtlpIntake {
  return {
    async accept({ signal, contentType, body, scopes }) {
      const decoded =
        signal === "logs"
          ? decodeLogs(body, contentType)
          : signal === "traces"
            ? decodeTraces(body, contentType)
            : decodeMetrics(body, contentType);
      if (!decoded.ok) {
        return {
          status: 400,
          contentType: "application/json",
          body: JSON.stringify({ code: 3, message: decoded.problem }),
        };
      }
      if (signal === "logs") {
        const events: FastLaneEvent[] = [];
        for (const record of decoded.records as Parameters<typeof parseFastLaneEvent>[0][]) {
          const event = parseFastLaneEvent(record);
          if (event !== undefined) events.push(event);
        }
        if (events.length > 0) guard.observe(events, { scopes });
        onTelemetry("logs", decoded.records.length - events.length);
      } else {
        onTelemetry(signal, decoded.records.length);
      }
      return { status: 200, contentType, body: contentType.includes("json") ? "{}" : "" };
    },
  };
}
