import { createHash } from "node:crypto";
import { type JsonValue, parseRuleset, type Ruleset, updateRuleset } from "@flagspan/ruleset";
import type { Patch } from "./parse-patch.ts";
import { writePatchedText } from "./patched-text.ts";
import { compareRevisions } from "./revision.ts";

/** What a source holds: the last good ruleset. */
export interface Held {
  readonly ruleset: Ruleset;
  readonly revision: string;
  /** The strong or weak ETag the text came with. */
  readonly etag?: string;
}

/** What became of an offer. `gap`: it does not fit what is held, and only a verified whole can tell. `invalid` names the first reason. */
export type Verdict =
  | { readonly kind: "taken"; readonly held: Held }
  | { readonly kind: "same" | "older" | "gap" }
  | { readonly kind: "invalid"; readonly reason: string };

/** What came with a document. */
export interface Origin {
  readonly etag?: string;
  /** Its bytes match a hash that was sent with them. */
  readonly verified?: boolean;
  /** The revision it must say it is. */
  readonly revision?: string;
}

/** The one door to what is held: everything that arrives, by whatever way, passes here or does not count. */
export interface RulesetGate {
  readonly held: Held | undefined;
  /** Offers a whole document. */
  offerText(text: string, origin: Origin): Verdict;
  offerPatch(patch: Patch): Verdict;
  /**
   * The ETag of what is held, also after patches: control's ETag is the SHA-256 of the canonical bytes. After a patch this
   * and `text` cost tens of milliseconds for megabytes, once.
   */
  etag(): string | undefined;
  /** The text of what is held, also after patches. */
  text(): string | undefined;
  /** The SHA-256 that the latest patch said it leads to; undefined if there was no patch since the last whole, or none that said. */
  readonly promised: string | undefined;
  /**
   * The server was seen to have an older revision than is held: it is behind, or has another history, in which the same
   * number may mean something else. Until it is seen to agree, patches do not count.
   */
  readonly isAhead: boolean;
  /** The server has exactly what is held. */
  confirm(): void;
}

/** SHA-256 of a text's UTF-8 bytes, in hex. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Reads a document: valid, or the first reason why not. Its revision is `metadata.version`, else the first twelve hex
 * digits of its hash (DESIGN §4.2).
 */
function readDocument(text: string): { ruleset: Ruleset; revision: string } | { reason: string } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : "not JSON" };
  }
  const result = parseRuleset(document);
  if (!result.ok) return { reason: result.issues[0]?.message ?? "not a ruleset" };
  return { ruleset: result.ruleset, revision: readRevision(result.ruleset, text) };
}

function readRevision(ruleset: Ruleset, text: string): string {
  const version = ruleset.metadata["version"];
  return version === undefined || version === "" ? hashText(text).slice(0, 12) : String(version);
}

/**
 * Creates an empty gate. With `ordered`, a decimal revision never gives way to a lower one; the same revision gives way
 * only to different bytes that were verified, which repairs what was damaged on the way.
 */
export function createRulesetGate(ordered: boolean): RulesetGate {
  let held: Held | undefined;
  /** The last whole document, and what patches changed since, to be laid in when someone needs the text. */
  let base = "";
  const patched = new Map<string, JsonValue | null>();
  let isPatched = false;
  let promised: string | undefined;
  let isAhead = false;

  function offerText(text: string, origin: Origin): Verdict {
    const read = readDocument(text);
    if ("reason" in read) return { kind: "invalid", reason: read.reason };
    if (origin.revision !== undefined && origin.revision !== read.revision) {
      return { kind: "invalid", reason: `revision ${read.revision} was announced as ${origin.revision}` };
    }
    const next: Held = { ...read, ...(origin.etag === undefined ? {} : { etag: origin.etag }) };
    if (held === undefined) return takeText(next, text);
    const order = compareRevisions(read.revision, held.revision);
    if (order === "older" && ordered) {
      isAhead = true;
      return { kind: "older" };
    }
    if (order !== "same") return takeText(next, text);
    const differs = text !== currentText();
    if (differs && (origin.verified === true || !ordered)) return takeText(next, text);
    if (differs) return { kind: "gap" };
    confirm();
    if (origin.etag !== undefined) held = { ...held, etag: origin.etag };
    return { kind: "same" };
  }

  function offerPatch(patch: Patch): Verdict {
    if (held === undefined) return { kind: "gap" };
    const order = compareRevisions(patch.to, held.revision);
    if (order === "older") return { kind: order };
    if (isAhead) return { kind: "gap" };
    if (order === "same") return { kind: order };
    if (patch.from !== held.revision) return { kind: "gap" };
    const metadata = { ...held.ruleset.metadata, version: patch.to };
    const { ruleset } = updateRuleset(held.ruleset, { flags: patch.flags, metadata });
    for (const [key, flag] of Object.entries(patch.flags)) patched.set(key, flag);
    isPatched = true;
    promised = patch.sha256;
    held = { ruleset, revision: patch.to };
    return { kind: "taken", held };
  }

  function takeText(next: Held, text: string): Verdict {
    held = next;
    base = text;
    patched.clear();
    isPatched = false;
    promised = undefined;
    confirm();
    return { kind: "taken", held: next };
  }

  function confirm(): void {
    isAhead = false;
  }

  function currentText(): string | undefined {
    if (held === undefined) return undefined;
    if (isPatched) base = writePatchedText(base, patched, held.revision);
    patched.clear();
    isPatched = false;
    return base;
  }

  function currentEtag(): string | undefined {
    if (held === undefined || held.etag !== undefined) return held?.etag;
    const text = currentText() ?? "";
    held = { ...held, etag: `"${hashText(text)}"` };
    return held.etag;
  }

  return {
    get held() {
      return held;
    },
    offerText,
    offerPatch,
    etag: currentEtag,
    text: currentText,
    get promised() {
      return promised;
    },
    get isAhead() {
      return isAhead;
    },
    confirm,
  };
}
