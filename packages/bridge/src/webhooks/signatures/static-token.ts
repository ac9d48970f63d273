import { isEqual } from "./is-equal.ts";
import { verdict, type Verify } from "./verdict.ts";

/**
 * A secret sent as it is, for senders that sign nothing: the `Authorization` header (bare, `Bearer`, or the password of `Basic`), or
 * `?token=` where the sender has no headers to set. Use https: whoever reads one delivery can send others.
 */
export const staticToken: Verify = ({ headers, query }, secrets) => {
  const given = readToken(headers["authorization"]) ?? query["token"];
  if (given === undefined) return { ok: false, problem: "neither Authorization nor ?token= is there" };
  const matches = secrets.map((secret) => isEqual(given, secret));
  return verdict(matches.includes(true), "the token is not the configured one");
};

function readToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [scheme = "", rest] = header.trim().split(/\s+/, 2);
  if (rest === undefined) return scheme;
  if (/^bearer$/i.test(scheme)) return rest;
  if (/^basic$/i.test(scheme))
    return Buffer.from(rest, "base64")
      .toString("utf8")
      .replace(/^[^:]*:/, "");
  return undefined;
}
