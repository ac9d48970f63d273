import { type JsonValue, writeRuleset } from "@flagspan/ruleset";

interface Member {
  readonly key: string;
  /** Where key and value begin and where the value ends. */
  readonly from: number;
  readonly valueFrom: number;
  readonly to: number;
}

/**
 * Writes a ruleset's canonical text after patches from its canonical text before.
 *
 * The text is cut at its flags instead of being parsed, sorted and written anew, which holds up the process seven times
 * as long (10,000 flags, 4.5 MB: 410 and 55 ms on a busy machine), and it is done while the application serves. From the text and not from the parsed ruleset, since that no longer has its references. `text` is
 * known to be the JSON of a ruleset.
 */
export function writePatchedText(
  text: string,
  patched: ReadonlyMap<string, JsonValue | null>,
  version: string,
): string {
  const flags = new Map<string, string>();
  let evaluators: Readonly<Record<string, JsonValue>> = {};
  let metadata: Readonly<Record<string, string | number | boolean>> = {};
  for (const { key, valueFrom, to } of listMembers(text, text.indexOf("{"))) {
    if (key === "$evaluators") evaluators = JSON.parse(text.slice(valueFrom, to)) as typeof evaluators;
    else if (key === "metadata") metadata = JSON.parse(text.slice(valueFrom, to)) as typeof metadata;
    else if (key === "flags" && text[valueFrom] === "{") {
      for (const flag of listMembers(text, valueFrom)) flags.set(flag.key, text.slice(flag.from, flag.to));
    } else if (key === "flags") {
      // flagd's other form, a list of flags that name themselves: not canonical, and never large.
      const list = JSON.parse(text.slice(valueFrom, to)) as readonly (Flag | null)[];
      for (const entry of list) {
        const { key: flagKey, ...flag } = entry ?? {};
        if (typeof flagKey === "string") flags.set(flagKey, writeMember(flagKey, flag));
      }
    }
  }
  for (const [key, flag] of patched) {
    if (flag === null) flags.delete(key);
    else flags.set(key, writeMember(key, flag));
  }
  const members = [...flags].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, member]) => member);
  const before = writeRuleset({ flags: {}, $evaluators: evaluators }).slice(0, -closing.length);
  const after = writeRuleset({ flags: {}, metadata: { ...metadata, version } }).slice(opening.length);
  return `${before}${members.join(",")}${after}`;
}

type Flag = Readonly<Record<string, JsonValue>>;

function writeMember(key: string, flag: JsonValue): string {
  return writeRuleset({ flags: { [key]: flag } }).slice(opening.length, -closing.length);
}

const opening = '{"flags":{';
const closing = "}}";
const quote = '"'.charCodeAt(0);
const backslash = "\\".charCodeAt(0);
const space = " ".charCodeAt(0);
const endsOfLiteral: ReadonlySet<string> = new Set([",", "}", "]", " ", "\t", "\n", "\r"]);

/** Lists the members of the object whose brace is at `at`. */
function listMembers(text: string, at: number): readonly Member[] {
  const members: Member[] = [];
  for (let from = skipTo(text, at + 1); text[from] !== "}";) {
    const keyTo = findStringEnd(text, from);
    const key = JSON.parse(text.slice(from, keyTo)) as string;
    const valueFrom = skipTo(text, keyTo);
    const to = findValueEnd(text, valueFrom);
    members.push({ key, from, valueFrom, to });
    from = skipTo(text, to);
  }
  return members;
}

/** Goes over white space, colons and commas: in valid JSON nothing else stands between keys and values. */
function skipTo(text: string, at: number): number {
  let next = at;
  while (text.charCodeAt(next) <= space || text[next] === ":" || text[next] === ",") next++;
  return next;
}

/** Finds the end of the string whose quote is at `at`. */
function findStringEnd(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
}

function findValueEnd(text: string, at: number): number {
  let end = at;
  if (text[at] === '"') return findStringEnd(text, at);
  if (text[at] !== "{" && text[at] !== "[") {
    while (!endsOfLiteral.has(text[end] ?? "}")) end++;
    return end;
  }
  for (let depth = 0; ;) {
    const code = text.charCodeAt(end);
    if (code === quote) {
      end = findStringEnd(text, end);
      continue;
    }
    end++;
    // `[` and `{` are 0x5b and 0x7b, their closing ones two further.
    if ((code | 0x20) === 0x7b) depth++;
    else if ((code | 0x20) === 0x7d && --depth === 0) return end;
  }
}
