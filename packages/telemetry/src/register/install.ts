import { createFlagTelemetry } from "../flag-telemetry.ts";
import type { FlagTelemetry } from "../flag-telemetry.ts";
import { readEnvironment } from "./environment.ts";
import { joinOpenFeature } from "./open-feature.ts";
import { joinOpenTelemetry } from "./open-telemetry.ts";
import { sendBeforeCrash } from "./send-before-crash.ts";
import { warnOnce } from "./warn-once.ts";

/** Set once a preload has been installed, by whichever copy of the package. */
const installedKey = Symbol.for("flagspan.telemetry.registered.1");
type Holder = { [installedKey]?: true };

/**
 * Joins OpenTelemetry and OpenFeature in this process, present or to come. Answers undefined, having done nothing, where
 * it has been done before or `FLAGSPAN_DISABLED` is `true`. Uncaught exceptions become outcomes without being caught; if
 * one ends the process and flags under a rollout are concerned, its end waits until that is sent, two seconds at most.
 */
export function installFlagTelemetry(
  env: Readonly<Record<string, string | undefined>>,
): FlagTelemetry | undefined {
  const holder = globalThis as Holder;
  if (holder[installedKey] === true || env["FLAGSPAN_DISABLED"] === "true") return undefined;
  holder[installedKey] = true;
  const { options, problems } = readEnvironment(env);
  for (const problem of problems) warnOnce(problem);
  const telemetry = createFlagTelemetry(options);
  joinOpenTelemetry(telemetry, warnOnce);
  joinOpenFeature(telemetry.hook, warnOnce);
  process.on("uncaughtExceptionMonitor", (error) => {
    telemetry.recordUncaught(error);
    // An app that handles the exception lives on, and the fast lane with it.
    if (process.listenerCount("uncaughtException") === 0) sendLastWords(telemetry);
  });
  process.once("beforeExit", () => {
    void telemetry.forceFlush();
  });
  return telemetry;
}

/** The process dies of the app's exception, whatever happens here. */
function sendLastWords(telemetry: FlagTelemetry): void {
  try {
    const request = telemetry.handOver();
    if (request !== undefined) sendBeforeCrash(request);
  } catch {
    warnOnce("what the crash says about flags could not be sent");
  }
}
