/** A text whose hash has been begun, so that what follows it can be hashed without joining the two. */
export interface HashPrefix {
  readonly text: string;
  readonly isAscii: boolean;
  /** The state after the prefix's whole blocks of four bytes. */
  readonly hash: number;
  /** The bytes after them, and how many bits they take. */
  readonly carry: number;
  readonly shift: number;
}

/** Begins a hash. */
export function createHashPrefix(text: string): HashPrefix {
  const isAscii = !/[^\0-\x7f]/.test(text);
  let hash = 0;
  let carry = 0;
  let shift = 0;
  for (let i = 0; i < (isAscii ? text.length : 0); i++) {
    carry |= text.charCodeAt(i) << shift;
    shift += 8;
    if (shift === 32) {
      hash = mixBlock(hash, carry);
      carry = shift = 0;
    }
  }
  return { text, isAscii, hash, carry, shift };
}

const EMPTY = createHashPrefix("");

/** MurmurHash3_x86_32 with seed 0 over the UTF-8 bytes of a text; a lone surrogate counts as U+FFFD. */
export function hashText(text: string): number {
  return hashAfter(EMPTY, text);
}

/** The hash of the prefix and the text, as if they were one. */
export function hashAfter(prefix: HashPrefix, text: string): number {
  return (prefix.isAscii ? hashUnits(prefix, text, 0x7f) : undefined) ?? hashUtf8(prefix.text + text);
}

function hashUtf8(text: string): number {
  return hashUnits(EMPTY, encodeUtf8(text), 0xff) ?? 0;
}

/** Hashes a text whose every unit is a byte; undefined when one exceeds the limit. Four units a step. */
function hashUnits(
  { hash: begun, carry: rest, shift, text: { length: done } }: HashPrefix,
  text: string,
  limit: number,
): number | undefined {
  const length = text.length;
  let hash = begun;
  let carry = rest;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    if ((a | b | c | d) > limit) return undefined;
    const block = a | (b << 8) | (c << 16) | (d << 24);
    hash = mixBlock(hash, carry | (block << shift));
    // A shift by 32 would be one by 0.
    carry = shift === 0 ? 0 : block >>> (32 - shift);
  }
  let filled = shift;
  for (; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > limit) return undefined;
    carry |= unit << filled;
    filled += 8;
    if (filled === 32) {
      hash = mixBlock(hash, carry);
      carry = filled = 0;
    }
  }
  return finish(carry === 0 ? hash : hash ^ scramble(carry), done + length);
}

function scramble(block: number): number {
  const k = Math.imul(block, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

function mixBlock(hash: number, block: number): number {
  const h = hash ^ scramble(block);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The UTF-8 bytes of a text, one unit each. */
function encodeUtf8(text: string): string {
  let bytes = "";
  for (const character of text) {
    let point = character.codePointAt(0) ?? 0;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) {
      bytes += character;
      continue;
    }
    const last = 0x80 | (point & 0x3f);
    const middle = 0x80 | ((point >> 6) & 0x3f);
    if (point < 0x800) bytes += String.fromCharCode(0xc0 | (point >> 6), last);
    else if (point < 0x10000) bytes += String.fromCharCode(0xe0 | (point >> 12), middle, last);
    else bytes += String.fromCharCode(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f), middle, last);
  }
  return bytes;
}
