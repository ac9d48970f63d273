import { createHash } from "node:crypto";
import { type JsonValue, parseRuleset, type Ruleset, updateRuleset, writeRuleset } from "@flagspan/ruleset";
import type { Patch } from "./parse-patch.ts";
import { compareRevisions } from "./revision.ts";

/** What a source holds: the last good ruleset. */
export interface Held {
  readonly ruleset: Ruleset;
  readonly revision: string;
  /** The strong or weak ETag the text came with. */
  readonly etag?: string;
}

/** What became of an offer. `invalid` names the first reason. */
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
  /** The ETag of what is held, also after patches: control's ETag is the SHA-256 of the canonical bytes. */
  etag(): string | undefined;
  /** The text of what is held, also after patches. */
  text(): string | undefined;
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

  function offerText(text: string, origin: Origin): Verdict {
    const read = readDocument(text);
    if ("reason" in read) return { kind: "invalid", reason: read.reason };
    if (origin.revision !== undefined && origin.revision !== read.revision) {
      return { kind: "invalid", reason: `revision ${read.revision} was announced as ${origin.revision}` };
    }
    const next: Held = { ...read, ...(origin.etag === undefined ? {} : { etag: origin.etag }) };
    if (held === undefined) return takeText(next, text);
    const order = compareRevisions(read.revision, held.revision);
    if (order === "older" && ordered) return { kind: "older" };
    if (order !== "same") return takeText(next, text);
    const differs = text !== currentText();
    if (differs && (origin.verified === true || !ordered)) return takeText(next, text);
    if (!differs && origin.etag !== undefined) held = { ...held, etag: origin.etag };
    return { kind: "same" };
  }

  function offerPatch(patch: Patch): Verdict {
    if (held === undefined) return { kind: "gap" };
    const order = compareRevisions(patch.to, held.revision);
    if (order === "same" || order === "older") return { kind: order };
    if (patch.from !== held.revision) return { kind: "gap" };
    const metadata = { ...held.ruleset.metadata, version: patch.to };
    const { ruleset } = updateRuleset(held.ruleset, { flags: patch.flags, metadata });
    for (const [key, flag] of Object.entries(patch.flags)) patched.set(key, flag);
    isPatched = true;
    held = { ruleset, revision: patch.to };
    return { kind: "taken", held };
  }

  function takeText(next: Held, text: string): Verdict {
    held = next;
    base = text;
    patched.clear();
    isPatched = false;
    return { kind: "taken", held: next };
  }

  function currentText(): string | undefined {
    if (held === undefined) return undefined;
    if (isPatched) base = layPatched(base, patched, held.revision);
    patched.clear();
    isPatched = false;
    return base;
  }

  return {
    get held() {
      return held;
    },
    offerText,
    offerPatch,
    etag: () => {
      if (held === undefined || held.etag !== undefined) return held?.etag;
      const text = currentText() ?? "";
      held = { ...held, etag: `"${hashText(text)}"` };
      return held.etag;
    },
    text: currentText,
  };
}

/** The canonical text after patches: from the document as sent, since a parsed ruleset no longer has its references. */
function layPatched(text: string, patched: ReadonlyMap<string, JsonValue | null>, version: string): string {
  const document = JSON.parse(text) as {
    flags: Record<string, JsonValue>;
    metadata?: Record<string, string | number | boolean>;
    $evaluators?: Record<string, JsonValue>;
  };
  const flags = new Map(Object.entries(document.flags));
  for (const [key, flag] of patched) {
    if (flag === null) flags.delete(key);
    else flags.set(key, flag);
  }
  return writeRuleset({
    ...document,
    flags: Object.fromEntries(flags),
    metadata: { ...document.metadata, version },
  });
}
