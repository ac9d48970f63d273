/** A request target that every reader understands alike. */
export interface Target {
  /** Path segments, still percent-encoded; `/` alone has none. */
  readonly segments: readonly string[];
  readonly path: string;
  readonly query: string;
}

/** Longer targets are refused. */
const MAX_TARGET_LENGTH = 4096;
const PLAIN = /^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_-])?$/;
const PCHAR = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})+$/;
const NEEDLESS = /%(?:2D|2E|5F|7E|3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])/;

/**
 * Splits a raw request target, or refuses it because two readers could disagree about what it names.
 *
 * Refused are absolute and asterisk forms, fragments, empty segments (`//`, a trailing slash), `.` and `..`,
 * backslashes, upper case, a trailing dot, and percent-encoding anywhere but in a flag key or rollout id, where
 * it must be upper-case hex of characters that need it. Nobody has to normalise, so nobody can do it differently.
 */
export function parseTarget(raw: string): Target | undefined {
  const known = remembered.get(raw);
  if (known !== undefined) return known;
  const target = readTarget(raw);
  if (target !== undefined && raw.length <= MAX_REMEMBERED_LENGTH) {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(raw, target);
  }
  return target;
}

/** The same few targets come by the thousand. */
const remembered = new Map<string, Target>();
const MAX_REMEMBERED = 500;
const MAX_REMEMBERED_LENGTH = 200;

function readTarget(raw: string): Target | undefined {
  if (raw.length > MAX_TARGET_LENGTH || raw[0] !== "/" || raw.includes("#")) return undefined;
  const mark = raw.indexOf("?");
  const path = mark === -1 ? raw : raw.slice(0, mark);
  const query = mark === -1 ? "" : raw.slice(mark + 1);
  if (path === "/") return { segments: [], path, query };
  const segments = path.slice(1).split("/");
  const free = freeSegment(segments);
  const good = segments.every((segment, index) => (index === free ? isFree(segment) : PLAIN.test(segment)));
  return good ? { segments, path, query } : undefined;
}

/** The one segment, by position, that may hold any characters. */
function freeSegment(segments: readonly string[]): number {
  if (segments[0] === "v1" && segments[1] === "flags") return 3;
  if (segments[0] === "v1" && segments[1] === "rollouts") return 2;
  if (segments[0] === "ofrep" && segments[1] === "v1" && segments[2] === "evaluate") return 4;
  return -1;
}

function isFree(segment: string): boolean {
  if (segment === "." || segment === ".." || !PCHAR.test(segment) || NEEDLESS.test(segment)) return false;
  return decodeSegment(segment) !== undefined;
}

/** The text of a segment; `undefined` where the bytes are not UTF-8. */
export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
