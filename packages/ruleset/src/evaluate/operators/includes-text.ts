import { charge, type Run } from "../run.ts";

/** Beyond this product of lengths the engine's own search could take long on repetitive text. */
const SAFE_PRODUCT = 1_000_000;

/** Whether a text holds another, in time linear in both: a context must not be able to stall an evaluation. */
export function includesText(text: string, part: string, run: Run): boolean {
  if (text.length * part.length <= SAFE_PRODUCT) return text.includes(part);
  // A step of Knuth, Morris, Pratt costs about two copied characters.
  charge(run, 2 * (text.length + part.length));
  const borders = new Int32Array(part.length);
  for (let i = 1, border = 0; i < part.length; i++) {
    while (border > 0 && part.charCodeAt(i) !== part.charCodeAt(border)) border = borders[border - 1] ?? 0;
    if (part.charCodeAt(i) === part.charCodeAt(border)) border++;
    borders[i] = border;
  }
  for (let i = 0, matched = 0; i < text.length; i++) {
    while (matched > 0 && text.charCodeAt(i) !== part.charCodeAt(matched))
      matched = borders[matched - 1] ?? 0;
    if (text.charCodeAt(i) === part.charCodeAt(matched)) matched++;
    if (matched === part.length) return true;
  }
  return false;
}
