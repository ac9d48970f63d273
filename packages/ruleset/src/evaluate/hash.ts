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
  let i = 0;
  for (; isAscii && i + 4 <= text.length; i += 4) hash = mixBlock(hash, blockAt(text, i));
  let carry = 0;
  let shift = 0;
  for (; i < text.length; i++, shift += 8) carry |= text.charCodeAt(i) << shift;
  return { text, isAscii, hash, carry, shift };
}

const EMPTY = createHashPrefix("");

/** MurmurHash3_x86_32 with seed 0 over the UTF-8 bytes of a text; a lone surrogate counts as U+FFFD. */
export function hashText(text: string): number {
  return hashAfter(EMPTY, text);
}

/** The hash of the prefix and the text, as if they were one. */
export function hashAfter(prefix: HashPrefix, text: string): number {
  if (!prefix.isAscii) return hashBytes(encodeUtf8(prefix.text + text));
  const length = text.length;
  const { shift } = prefix;
  let { hash, carry } = prefix;
  let i = 0;
  // ASCII, four characters a step. The first other character sends the whole text the plain way.
  for (; i + 4 <= length; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    if ((a | b | c | d) > 0x7f) return hashBytes(encodeUtf8(prefix.text + text));
    const block = a | (b << 8) | (c << 16) | (d << 24);
    hash = mixBlock(hash, carry | (block << shift));
    // A shift by 32 would be one by 0.
    carry = shift === 0 ? 0 : block >>> (32 - shift);
  }
  let filled = shift;
  for (; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return hashBytes(encodeUtf8(prefix.text + text));
    carry |= unit << filled;
    filled += 8;
    if (filled === 32) {
      hash = mixBlock(hash, carry);
      carry = 0;
      filled = 0;
    }
  }
  return finish(carry === 0 ? hash : hash ^ scramble(carry), prefix.text.length + length);
}

function blockAt(text: string, i: number): number {
  return (
    text.charCodeAt(i) |
    (text.charCodeAt(i + 1) << 8) |
    (text.charCodeAt(i + 2) << 16) |
    (text.charCodeAt(i + 3) << 24)
  );
}

function hashBytes(bytes: readonly number[]): number {
  let hash = 0;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    hash = mixBlock(
      hash,
      byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24),
    );
  }
  let tail = 0;
  for (let shift = 0; i < bytes.length; i++, shift += 8) tail |= byte(bytes, i) << shift;
  return finish(tail === 0 ? hash : hash ^ scramble(tail), bytes.length);
}

function byte(bytes: readonly number[], index: number): number {
  return bytes[index] ?? 0;
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

function encodeUtf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    let point = character.codePointAt(0) ?? 0;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) {
      bytes.push(point);
      continue;
    }
    if (point < 0x800) bytes.push(0xc0 | (point >> 6));
    else {
      if (point < 0x10000) bytes.push(0xe0 | (point >> 12));
      else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f));
      bytes.push(0x80 | ((point >> 6) & 0x3f));
    }
    bytes.push(0x80 | (point & 0x3f));
  }
  return bytes;
}
