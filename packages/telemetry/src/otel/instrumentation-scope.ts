/** The instrumentation scope of everything this package emits. */
export const scopeName = "@flagspan/telemetry";

/** Its version; a test keeps it equal to package.json. */
export const scopeVersion = "0.1.0";
