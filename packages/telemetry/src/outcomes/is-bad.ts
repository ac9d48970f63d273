import { statusError } from "../otel/sdk-shapes.ts";
import type { SdkSpanState } from "../otel/sdk-shapes.ts";

/** A local root span as `isBad` sees it, after its end. */
export interface EndedRoot {
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly status?: { readonly code?: unknown };
}

/** The standing rule: status ERROR, or an HTTP response of 500 and above. */
export function isBadSpan(span: EndedRoot): boolean {
  if (span.status?.code === statusError) return true;
  const status = httpStatusOf(span);
  return status !== undefined && status >= 500;
}

/** `error.type` of a bad root: its own, else that of the last exception seen, else the HTTP status, else `_OTHER`. */
export function errorTypeOf(span: SdkSpanState, lastException: string | undefined): string {
  const own = span.attributes?.["error.type"];
  if (typeof own === "string" && own !== "") return own;
  if (lastException !== undefined) return lastException;
  const status = httpStatusOf(span);
  return status === undefined ? "_OTHER" : String(status);
}

function httpStatusOf(span: EndedRoot): number | undefined {
  const status = Number(
    span.attributes?.["http.response.status_code"] ?? span.attributes?.["http.status_code"],
  );
  return Number.isFinite(status) && status > 0 ? status : undefined;
}
