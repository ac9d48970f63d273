import { isExport } from "./watch-fetch.ts";

/**
 * Hears of `XMLHttpRequest`s that failed, as `watchFetch` does of fetches: no answer, or 5xx; an aborted one has not
 * failed. Each listens to its own end, so the page's handlers, and their order, are untouched. Returns how to undo it.
 */
export function watchXhr(hear: (errorType: string) => void): () => void {
  const prototype = XMLHttpRequest.prototype as { open: (this: XMLHttpRequest, ...request: never[]) => void };
  const original = prototype.open;
  const ended = ({ type, target }: Event): void => {
    const { status } = target as XMLHttpRequest;
    if (type !== "load") hear(type === "timeout" ? "TimeoutError" : "NetworkError");
    else if (status >= 500) hear(String(status));
  };
  const watched = function (this: XMLHttpRequest, ...request: unknown[]): void {
    // The same listener: a request that is opened again is heard once.
    for (const type of ["load", "error", "timeout"]) {
      if (isExport(request[1])) this.removeEventListener(type, ended);
      else this.addEventListener(type, ended);
    }
    Reflect.apply(original, this, request);
  };
  prototype.open = watched;
  return () => {
    if (prototype.open === watched) prototype.open = original;
  };
}
