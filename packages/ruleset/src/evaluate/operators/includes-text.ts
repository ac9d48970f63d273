import { charge, type Run } from "../run.ts";

/** Beyond this product of lengths the engine's own search could take long on repetitive text. */
const SAFE_PRODUCT = 1_000_000;

/** Whether a text holds another, in time linear in both: a context must not be able to stall an evaluation. */
export function includesText(text: string, part: string, run: Run): boolean {
  if (text.length * part.length <= SAFE_PRODUCT) return text.includes(part);
  // A step of Knuth, Morris, Pratt costs about two copied characters.
  charge(run, 2 * (text.length + part.length));
  const borders = new Int32Array(part.length);
  const step = (unit: number, matched: number): number => {
    let length = matched;
    while (length > 0 && unit !== part.charCodeAt(length)) length = borders[length - 1] ?? 0;
    return unit === part.charCodeAt(length) ? length + 1 : length;
  };
  for (let i = 1, border = 0; i < part.length; i++) borders[i] = border = step(part.charCodeAt(i), border);
  for (let i = 0, matched = 0; i < text.length; i++) {
    matched = step(text.charCodeAt(i), matched);
    if (matched === part.length) return true;
  }
  return false;
}
