/** MurmurHash3_x86_32 with seed 0 over the UTF-8 bytes of a text; a lone surrogate counts as U+FFFD. */
export function hashText(text: string): number {
  const bytes = encodeUtf8(text);
  let hash = 0;
  let block = 0;
  for (const [i, byte] of bytes.entries()) {
    block |= byte << ((i % 4) * 8);
    if (i % 4 < 3) continue;
    hash = mixBlock(hash, block);
    block = 0;
  }
  return finish(hash ^ scramble(block), bytes.length);
}

/** What a block of four bytes adds to a hash, or the bytes after the last. */
export function scramble(block: number): number {
  const k = Math.imul(block, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

/** A hash and one more block of four bytes. */
export function mixBlock(hash: number, block: number): number {
  const h = hash ^ scramble(block);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** The hash of so many bytes, all blocks mixed in. */
export function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The UTF-8 bytes of a text. */
function encodeUtf8(text: string): readonly number[] {
  const bytes: number[] = [];
  for (const character of text) {
    let point = character.codePointAt(0) ?? 0;
    if (point < 0x80) {
      bytes.push(point);
      continue;
    }
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    // A first byte tells by its leading ones how many follow, each with six bits.
    let following = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    bytes.push(((0xff80 >> following) & 0xff) | (point >> (6 * following)));
    while (following-- > 0) bytes.push(0x80 | ((point >> (6 * following)) & 0x3f));
  }
  return bytes;
}
