/** No ruleset that means something nests deeper; the engine's JSON parser takes 350 ns for a list within a list. */
export const MAX_NESTING = 100_000;

const quote = 34;
const backslash = 92;
const openList = 91;
const closeList = 93;
const openObject = 123;
const closeObject = 125;

/**
 * Whether JSON text nests deeper than `MAX_NESTING`. Only a text that has so many lists, an eighth of it or more, is
 * looked at character by character: a ruleset of 10,000 flags has far fewer, and finding them costs a hundredth of
 * parsing it. Objects need no such care: each takes more text.
 */
export function nestsTooDeep(text: string): boolean {
  const many = Math.max(MAX_NESTING, text.length / 8);
  let lists = 0;
  for (let at = text.indexOf("["); at !== -1; at = text.indexOf("[", at + 1)) {
    lists += 1;
    if (lists > many) return depthOf(text) > MAX_NESTING;
  }
  return false;
}

/** The greatest depth outside of texts. Of what is no JSON it may be any number. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isText) {
      if (code === backslash) at += 1;
      else if (code === quote) isText = false;
    } else if (code === quote) isText = true;
    else if (code === openList || code === openObject) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === closeList || code === closeObject) depth -= 1;
  }
  return deepest;
}
