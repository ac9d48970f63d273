import { trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { outgoingKinds } from "../otel/sdk-shapes.ts";
import type { SdkSpanState } from "../otel/sdk-shapes.ts";

/** Where a request is going, as its client span says. */
export interface Destination {
  readonly host: string;
  readonly port: string | undefined;
}

/**
 * Reads the destination from the client (or producer) span in the context: `inject` itself sees no host. Undefined for
 * any other span: a server span's `server.address` is our own. Reads the names of the stable and the old conventions.
 */
export function destinationOf(ctx: Context): Destination | undefined {
  const span = trace.getSpan(ctx) as SdkSpanState | undefined;
  const attributes = span?.attributes;
  if (attributes === undefined || !outgoingKinds.has(span?.kind)) return undefined;
  const address = textOf(attributes["server.address"]) ?? textOf(attributes["net.peer.name"]);
  const port = textOf(attributes["server.port"]) ?? textOf(attributes["net.peer.port"]);
  if (address !== undefined) return { host: normalise(address), port };
  const url = textOf(attributes["url.full"]) ?? textOf(attributes["http.url"]);
  if (url === undefined || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return { host: normalise(parsed.hostname), port: parsed.port === "" ? undefined : parsed.port };
}

/** Whether a destination is on the list: `host`, `host:port`, or `*.domain` for every host below a domain. */
export function isAllowed(destination: Destination, allow: readonly string[]): boolean {
  return allow.some((rule) => {
    const { host, port } = destination;
    const wanted = normalise(rule);
    if (wanted.startsWith("*.")) return host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1;
    return wanted === host || (port !== undefined && wanted === `${host}:${port}`);
  });
}

function normalise(host: string): string {
  return host.toLowerCase().replace(/\.$/u, "");
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
