/** What every service of the shop needs to know about its surroundings. */
export interface Settings {
  /** `service.name`: storefront, checkout or stock. */
  readonly service: string;
  readonly port: number;
  readonly controlUrl: string;
  readonly flagSet: string;
  /** Key of scope `sync`: reads the ruleset. */
  readonly syncKey: string;
  /** Key of scope `telemetry`: may send outcomes. */
  readonly telemetryKey: string;
  /** Key of scope `evaluate`: safe in a browser, sees no rules. Only the storefront has one. */
  readonly webKey: string;
  /** Base URL of the service this one calls, if any. */
  readonly downstreamUrl: string;
  /** Hosts that flag baggage may be sent to. */
  readonly internalHosts: string[];
  /** Where outcomes go: straight to control, or the way of all telemetry, through a collector that hands them on. */
  readonly outcomesGoTo: "control" | "collector";
  /** The bug that ships with a feature: `dark-mode`, or `none`. */
  readonly incident: string;
}

/** Reads the settings from the environment; a missing name is an error that says which. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const need = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === "")
      throw new Error(`${name} is not set; the shop is started by \`npm start\``);
    return value;
  };
  return {
    service: need("OTEL_SERVICE_NAME"),
    port: Number(env["PORT"] ?? 0),
    controlUrl: need("FLAGSPAN_URL"),
    flagSet: env["FLAGSPAN_SET"] ?? "shop.prod",
    syncKey: need("FLAGSPAN_SYNC_KEY"),
    telemetryKey: need("FLAGSPAN_TELEMETRY_KEY"),
    webKey: env["FLAGSPAN_WEB_KEY"] ?? "",
    downstreamUrl: env["DOWNSTREAM_URL"] ?? "",
    internalHosts: (env["INTERNAL_HOSTS"] ?? "127.0.0.1").split(","),
    outcomesGoTo: env["SHOP_OUTCOMES"] === "collector" ? "collector" : "control",
    incident: env["SHOP_INCIDENT"] ?? "none",
  };
}
