import { charge, type Run } from "../run.ts";

/** Beyond this product of lengths the engine's own search could take long on repetitive text. */
const SAFE_PRODUCT = 1_000_000;

/** Whether a text holds another, in time linear in both: a context must not be able to stall an evaluation. */
export function includesText(text: string, part: string, run: Run): boolean {
  if (text.length * part.length <= SAFE_PRODUCT) return text.includes(part);
  const both = part + text;
  // A step of Knuth, Morris, Pratt costs about two copied characters.
  charge(run, 2 * both.length);
  /** For each of the part's beginnings, the length of its longest border. */
  const borders = [0];
  for (let i = 1, matched = 0; i < both.length; i++) {
    // First the part is searched for its own borders, then the text for the part.
    if (i === part.length) matched = 0;
    const unit = both.charCodeAt(i);
    while (matched > 0 && unit !== both.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (unit === both.charCodeAt(matched)) matched++;
    if (i < part.length) borders.push(matched);
    else if (matched === part.length) return true;
  }
  return false;
}
