import { createHmac } from "node:crypto";
import { isEqual } from "./is-equal.ts";
import { verdict, type Verify } from "./verdict.ts";

/**
 * Hex HMAC-SHA256 of the raw body in one header, with or without a prefix such as `sha256=`: LaunchDarkly, Flagsmith, GrowthBook
 * events. There is no timestamp, so replays are recognised by their id.
 */
export function hexHmac(header: string, prefix: string = ""): Verify {
  return ({ headers, rawBody }, secrets) => {
    const given = headers[header];
    if (given === undefined) return { ok: false, problem: `header ${header} is missing` };
    const matches = secrets.map((secret) =>
      isEqual(given.toLowerCase(), prefix + createHmac("sha256", secret).update(rawBody).digest("hex")),
    );
    return verdict(matches.includes(true), `header ${header} does not match the body`);
  };
}
