import type { HttpSourceOptions } from "./http-source.ts";

/**
 * Throws a TypeError if one of the delays is no number of at least `leastMs`; `Infinity` is one. Programs in JavaScript
 * hand over `Number(process.env.…)`, and a timer takes `NaN` for "at once".
 */
export function checkDelays<K extends string>(
  where: string,
  options: { readonly [Name in K]?: number },
  names: readonly K[],
  leastMs: number,
): void {
  for (const name of names) {
    const value: number | undefined = options[name];
    if (value === undefined || (typeof value === "number" && value >= leastMs)) continue;
    throw new TypeError(`${where}: ${name} is ${value}; it is a number of at least ${leastMs}`);
  }
}

const times = [
  "pollIntervalMs",
  "auditIntervalMs",
  "idleMs",
  "connectTimeoutMs",
  "fetchTimeoutMs",
  "maxBytes",
] as const;

/** Throws a TypeError that names the first option that cannot mean anything, and never shows a credential. */
export function checkHttpSource(options: HttpSourceOptions): void {
  const { url, set, key, proxy } = options;
  const where = "httpSource";
  if (!isHttpUrl(url)) {
    throw new TypeError(
      `${where}: url "${url}" is not an http(s) address such as http://control.internal:8080`,
    );
  }
  if (set !== undefined && /^\.{0,2}$/u.test(set)) {
    throw new TypeError(`${where}: set "${set}" is not the name of a flag set, such as shop.prod`);
  }
  if (key !== undefined && !/^[\x21-\x7e]*$/u.test(key)) {
    throw new TypeError(
      `${where}: key holds white space or other characters that a header cannot carry; one read from a file may end in a line break`,
    );
  }
  if (proxy !== undefined && proxy !== "environment" && !isHttpUrl(proxy)) {
    throw new TypeError(
      `${where}: proxy is neither "environment" nor an http(s) address such as http://proxy.internal:3128`,
    );
  }
  checkDelays(where, options, times, 1);
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/u.test(new URL(url).protocol);
}
