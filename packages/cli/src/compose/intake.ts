import { decodeLogs, decodeMetrics, decodeTraces } from "@flagspan/bridge/otlp";
import type { OtlpIntake } from "@flagspan/control";
import { parseFastLaneEvent, type Guard } from "@flagspan/guard";

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
    accept({ signal, contentType, body, scopes }) {
      const problem =
        signal === "logs" ? takeLogs(body, contentType, scopes) : takeOther(signal, body, contentType);
      if (problem !== undefined) {
        const status = { code: 3, message: problem };
        return Promise.resolve({
          status: 400,
          contentType: "application/json",
          body: JSON.stringify(status),
        });
      }
      return Promise.resolve({ status: 200, contentType, body: contentType.includes("json") ? "{}" : "" });
    },
  };

  function takeLogs(body: Uint8Array, contentType: string, scopes: readonly string[]): string | undefined {
    const decoded = decodeLogs(body, contentType);
    if (!decoded.ok) return decoded.problem;
    const events = decoded.records.map(parseFastLaneEvent).filter((event) => event !== undefined);
    if (events.length > 0) guard.observe(events, { scopes });
    if (decoded.records.length > events.length) onTelemetry("logs", decoded.records.length - events.length);
    return undefined;
  }

  function takeOther(
    signal: "traces" | "metrics",
    body: Uint8Array,
    contentType: string,
  ): string | undefined {
    const decoded = signal === "traces" ? decodeTraces(body, contentType) : decodeMetrics(body, contentType);
    if (!decoded.ok) return decoded.problem;
    onTelemetry(signal, decoded.records.length);
    return undefined;
  }
}
