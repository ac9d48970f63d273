import type { LiveSet } from "../ruleset/live-set.ts";

/** One server-sent event as bytes, made once and shared by every client. */
export function encodeEvent(fields: { event?: string; id?: string; data: string | Buffer }): Buffer {
  const data = fields.data.toString();
  const head = `${fields.event === undefined ? "" : `event: ${fields.event}\n`}${fields.id === undefined ? "" : `id: ${fields.id}\n`}`;
  const lines = data.includes("\n") ? data.replaceAll(/\r\n|\r|\n/g, "\ndata: ") : data;
  return Buffer.from(`${head}data: ${lines}\n\n`);
}

/** The whole ruleset of a revision as an event. */
export function encodeSnapshot(live: LiveSet): Buffer {
  return encodeEvent({ event: "snapshot", id: String(live.revision), data: live.body });
}

/** One step of the ruleset as an event. */
export function encodePatch(live: LiveSet, patch: string): Buffer {
  return encodeEvent({ event: "patch", id: String(live.revision), data: patch });
}

/** What an OFREP client is told: fetch again. The ETag names the revision, so that the fetch counts as applied. */
export function encodeRefetch(live: LiveSet): Buffer {
  return encodeEvent({
    event: "message",
    id: String(live.revision),
    data: JSON.stringify({ type: "refetchEvaluation", etag: String(live.revision) }),
  });
}

/** A comment that keeps the connection alive. */
export const PING: Buffer = Buffer.from(": ping\n\n");
