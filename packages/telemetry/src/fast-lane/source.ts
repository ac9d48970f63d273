import type { FastLaneSource } from "./otlp-json.ts";
import { scopeName, scopeVersion } from "../otel/instrumentation-scope.ts";

/** Resource attributes that go with the fast lane; the rest of a resource (command lines, paths) is nobody's business. */
const carried = [
  "service.name",
  "service.namespace",
  "service.version",
  "service.instance.id",
  "deployment.environment.name",
] as const;

type Attributes = Readonly<Record<string, unknown>>;

/** Keeps who is sending: what the options say, over what the SDK's spans say, over `OTEL_*` variables. */
export class SourceReader {
  readonly #given: Readonly<Record<string, string>>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  #seen: Attributes = {};

  constructor(given: Readonly<Record<string, string>>, env: Readonly<Record<string, string | undefined>>) {
    this.#given = given;
    this.#env = env;
  }

  /** Learns from the resource of a span. */
  see(resource: Attributes | undefined): void {
    if (resource !== undefined) this.#seen = resource;
  }

  /** The sender as it is known now. */
  read(): FastLaneSource {
    const fromEnv = parseResource(this.#env["OTEL_RESOURCE_ATTRIBUTES"]);
    const service = this.#env["OTEL_SERVICE_NAME"];
    if (service !== undefined && service !== "") fromEnv["service.name"] = service;
    const resource: Record<string, string> = {};
    for (const name of carried) {
      const value = this.#seen[name] ?? fromEnv[name];
      if (typeof value === "string") resource[name] = value;
    }
    return { resource: { ...resource, ...this.#given }, scopeName, scopeVersion };
  }
}

function parseResource(text: string | undefined): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of (text ?? "").split(",")) {
    const equals = pair.indexOf("=");
    if (equals > 0) attributes[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
  }
  return attributes;
}
