import { writeRuleset } from "@flagspan/ruleset";
import type { FlagMetadata, JsonValue } from "@flagspan/ruleset";

/** A ruleset as written, `$ref`s unresolved: what control stores, patches and serves. */
export interface RulesetDocument {
  readonly flags: Readonly<Record<string, JsonValue>>;
  readonly $evaluators?: Readonly<Record<string, JsonValue>>;
  readonly metadata?: FlagMetadata;
}

/** One step from a revision to the next, as it is stored and as it goes over the stream. */
export interface RulesetPatch {
  readonly from: string;
  readonly to: string;
  /** Whole new definitions; `null` removes a flag. */
  readonly flags: Readonly<Record<string, JsonValue>>;
  readonly changes: readonly { readonly id: string; readonly flagKey: string; readonly occurredAt: string }[];
  /**
   * Hex SHA-256 of the canonical bytes of revision `to`, so that whoever applied the patch knows at once whether it
   * holds the same ruleset. Absent in steps stored by older versions.
   */
  readonly sha256?: string;
}

/** Reads a stored canonical text. It was checked before it was stored. */
export function readDocument(text: string): RulesetDocument {
  return JSON.parse(text) as RulesetDocument;
}

const FLAGS = '{"flags":{';
const written = new WeakMap<object, string>();

/**
 * Canonical bytes of a document, the same in every process, and the same `writeRuleset` gives.
 *
 * Each definition is written once and remembered with its object: of ten thousand flags a write changes one, and
 * writing the other 9,999 again would hold up every stream.
 */
export function writeDocument({ flags, $evaluators = {}, metadata = {} }: RulesetDocument): string {
  const head = writeRuleset({ flags: {}, $evaluators }).slice(0, -"}}".length);
  const tail = writeRuleset({ flags: {}, metadata }).slice(FLAGS.length);
  const definitions = Object.keys(flags)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${writeFlag(flags[key] ?? null)}`);
  return `${head}${definitions.join(",")}${tail}`;
}

function writeFlag(definition: JsonValue): string {
  const known = typeof definition === "object" && definition !== null ? written.get(definition) : undefined;
  if (known !== undefined) return known;
  const text = writeRuleset({ flags: { "": definition } }).slice(`${FLAGS}"":`.length, -"}}".length);
  if (typeof definition === "object" && definition !== null) written.set(definition, text);
  return text;
}

/** Sets and removes flags and stamps the new revision; the given document stays as it was. */
export function patchDocument(
  document: RulesetDocument,
  flags: Readonly<Record<string, JsonValue>>,
  revision: string,
): RulesetDocument {
  const next = Object.assign(Object.create(null) as Record<string, JsonValue>, document.flags);
  for (const [key, definition] of Object.entries(flags)) {
    if (definition === null) delete next[key];
    else next[key] = definition;
  }
  return { ...document, flags: next, metadata: { ...document.metadata, version: revision } };
}

/** Names the set and the revision in the document's own metadata, where every evaluation finds them. */
export function stampDocument(document: RulesetDocument, set: string, revision: number): RulesetDocument {
  return { ...document, metadata: { ...document.metadata, flagSetId: set, version: String(revision) } };
}

/** Whether `name` is a flag set name: lower case, starts with a letter or digit, does not end in a dot. */
export function isSetName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9_-])?$/.test(name);
}
