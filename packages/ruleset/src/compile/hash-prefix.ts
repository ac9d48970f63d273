import { finish, hashText, mixBlock, scramble } from "../evaluate/hash.ts";

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

/** The hash of the prefix and the text, as `hashText` has it of both joined. */
export function hashAfter(prefix: HashPrefix, text: string): number {
  return (prefix.isAscii ? hashAscii(prefix, text) : undefined) ?? hashText(prefix.text + text);
}

/** Goes on with an ASCII text, four units a step; undefined when it is none. The prefix is ASCII. */
export function hashAscii(
  { hash: begun, carry: rest, shift, text: { length: done } }: HashPrefix,
  text: string,
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
    if ((a | b | c | d) > 0x7f) return undefined;
    const block = a | (b << 8) | (c << 16) | (d << 24);
    hash = mixBlock(hash, carry | (block << shift));
    // A shift by 32 would be one by 0.
    carry = shift === 0 ? 0 : block >>> (32 - shift);
  }
  let filled = shift;
  for (; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return undefined;
    carry |= unit << filled;
    filled += 8;
    if (filled === 32) {
      hash = mixBlock(hash, carry);
      carry = filled = 0;
    }
  }
  return finish(hash ^ scramble(carry), done + length);
}
