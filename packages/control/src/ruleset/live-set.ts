import { createHash } from "node:crypto";
import { gzip } from "node:zlib";

import type { Ruleset } from "@flagspan/ruleset";

import type { RulesetDocument } from "./document.ts";

/** A kill that stands: `revision` is the one before it, which a restore brings back. */
export interface StandingKill {
  readonly changeId: string;
  readonly revision: number;
  /** A full kill is latched: only a restore changes the flag again. A segment kill lets other writes through. */
  readonly latched: boolean;
}

/** One revision of one set, ready to be served. Never changes; a write makes the next one. */
export interface LiveSet {
  readonly set: string;
  readonly revision: number;
  readonly document: RulesetDocument;
  readonly ruleset: Ruleset;
  /** Canonical bytes. */
  readonly body: Buffer;
  /** Hex SHA-256 of `body`; in quotes it is the strong ETag. */
  readonly sha256: string;
  readonly etag: string;
  readonly kills: ReadonlyMap<string, StandingKill>;
  /** Keys the HMAC that turns targeting keys into unit ids. */
  readonly unitSecret: Uint8Array;
  /** The body compressed, once per revision. */
  gzipped(): Promise<Buffer>;
}

/** Everything of a `LiveSet` but what follows from its text. */
export type LiveSetParts = Pick<
  LiveSet,
  "set" | "revision" | "document" | "ruleset" | "kills" | "unitSecret"
> & {
  readonly text: string;
  readonly sha256: string;
};

/** Hex SHA-256 of a canonical text. */
export function hashText(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Makes one revision servable. */
export function createLiveSet(parts: LiveSetParts): LiveSet {
  const { text, ...rest } = parts;
  const body = Buffer.from(text);
  let compressed: Promise<Buffer> | undefined;
  return {
    ...rest,
    body,
    etag: `"${parts.sha256}"`,
    gzipped() {
      compressed ??= new Promise((resolve, reject) => {
        gzip(body, { level: 6 }, (error, result) => (error === null ? resolve(result) : reject(error)));
      });
      return compressed;
    },
  };
}
