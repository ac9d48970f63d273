import { hash } from "node:crypto";

import type { EvaluationContext } from "@flagspan/ruleset";

import { json } from "../http/reply.ts";
import type { Reply } from "../http/reply.ts";
import type { LiveSet } from "../ruleset/live-set.ts";
import { createFragments } from "./fragments.ts";
import type { Fragments, JoinedAnswers } from "./fragments.ts";
import type { IssuedToken, StreamTokens } from "./stream-tokens.ts";
import { createUnitOf } from "./unit.ts";

/** Answers OFREP 0.3.0 requests from the revision in force. */
export interface OfrepAnswers {
  single(live: LiveSet, flagKey: string, context: EvaluationContext): Reply;
  bulk(live: LiveSet, context: EvaluationContext, request: BulkRequest): Reply | Promise<Reply>;
  /** Who a context is, for counting who has applied a revision; never the targeting key itself. */
  instanceOf(live: LiveSet, context: EvaluationContext): string;
}

/** The conditional part of a bulk request. `flagConfigEtag` is not here: it must never turn a 200 into a 304. */
export interface BulkRequest {
  readonly ifNoneMatch: string | undefined;
}

/** An error as OFREP writes it. */
export function ofrepError(
  status: 400 | 404 | 413 | 500,
  errorCode: "PARSE_ERROR" | "INVALID_CONTEXT" | "GENERAL" | "FLAG_NOT_FOUND",
  errorDetails: string,
  key?: string,
): Reply {
  return json(status, { ...(key === undefined ? {} : { key }), errorCode, errorDetails });
}

const FRAME_BYTES = '{"flags":['.length + '],"metadata":'.length;

/** Prepares the answers; fragments live as long as their revision. */
export function createOfrepAnswers(tokens: StreamTokens, now: () => number): OfrepAnswers {
  const prepared = new WeakMap<LiveSet, Fragments>();
  const units = new WeakMap<Uint8Array, ReturnType<typeof createUnitOf>>();

  const unitOf = (live: LiveSet): ReturnType<typeof createUnitOf> => {
    const known = units.get(live.unitSecret) ?? createUnitOf(live.unitSecret);
    units.set(live.unitSecret, known);
    return known;
  };
  const fragmentsOf = (live: LiveSet): Fragments => {
    const known = prepared.get(live) ?? createFragments(live, unitOf(live));
    prepared.set(live, known);
    return known;
  };
  const instanceOf = (live: LiveSet, context: EvaluationContext): string => {
    const key = context["targetingKey"];
    return unitOf(live)(typeof key === "string" && key !== "" ? key : JSON.stringify(context));
  };

  return {
    instanceOf,
    single(live, flagKey, context) {
      const { status, body } = fragmentsOf(live).one(flagKey, context, now());
      return { status, headers: { "content-type": "application/json", "cache-control": "no-store" }, body };
    },
    bulk(live, context, { ifNoneMatch }) {
      const fragments = fragmentsOf(live);
      const answers = fragments.all(context, now());
      const hashed = hash("sha256", fragments.metadata + answers.digest, "base64url").slice(0, 27);
      const matched = matchEtag(ifNoneMatch, hashed);
      if (matched !== undefined && !tokens.isUsedUp(matched.tokenId)) {
        return {
          status: 304,
          headers: { etag: `"${hashed}.${matched.tokenId}"`, "cache-control": "no-cache" },
        };
      }
      const issued = tokens.issue(live.set, instanceOf(live, context));
      return issued instanceof Promise
        ? issued.then((token) => writeBulk(fragments.metadata, answers, hashed, token))
        : writeBulk(fragments.metadata, answers, hashed, issued);
    },
  };
}

function writeBulk(
  metadata: string,
  { text, bytes }: JoinedAnswers,
  hashed: string,
  { id, token }: IssuedToken,
): Reply {
  // Token and set name are ASCII; the metadata's strings may not be.
  const streams = `,"eventStreams":[{"type":"sse","endpoint":{"requestUri":"/ofrep/v1/stream?token=${token}"}}]}`;
  return {
    status: 200,
    headers: { "content-type": "application/json", "cache-control": "no-cache", etag: `"${hashed}.${id}"` },
    body: `{"flags":[${text}],"metadata":${metadata}${streams}`,
    bodyBytes: FRAME_BYTES + bytes + Buffer.byteLength(metadata) + streams.length,
  };
}

/**
 * The ETag is the hash of what was answered (of its parts' hashes: hashing 13 KB anew would be half the work) and, behind a dot, the id of the stream ticket that went with it. A
 * client whose ticket is used up gets a 200 with a new one, even if no flag changed: a 304 could not carry it.
 */
function matchEtag(ifNoneMatch: string | undefined, hash: string): { tokenId: string } | undefined {
  for (const candidate of ifNoneMatch?.split(",") ?? []) {
    const match = /^\s*(?:W\/)?"([A-Za-z0-9_-]{27})\.([A-Za-z0-9_-]{12})"\s*$/.exec(candidate);
    if (match !== null && match[1] === hash && match[2] !== undefined) return { tokenId: match[2] };
  }
  return undefined;
}
