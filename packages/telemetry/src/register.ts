/**
 * The preload: `node --import @flagspan/telemetry/register app.js`. Tags every span and log record of an app that knows
 * nothing of Flagspan; configured by `FLAGSPAN_*` variables. Loaded twice it acts once. Where OpenTelemetry's API is not
 * installed it says so and does nothing.
 */
import { warnOnce } from "./register/warn-once.ts";

try {
  const { installFlagTelemetry } = await import("./register/install.ts");
  installFlagTelemetry(process.env);
} catch (error) {
  warnOnce(
    `flags are not recorded: ${error instanceof Error ? error.message : String(error)}; is @opentelemetry/api installed beside @flagspan/telemetry?`,
  );
}
