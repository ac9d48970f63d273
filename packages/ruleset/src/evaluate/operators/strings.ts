import { toInteger, toNumber, toText, trim } from "../coerce.ts";
import { refuse } from "../failure.ts";
import { charge, type Run } from "../run.ts";
import type { EagerOperator } from "./operator.ts";
import { asList, atLeast } from "./arguments.ts";

/** `cat`: the texts joined; of two or more, flagd trims both ends of the result. */
export const cat: EagerOperator = (values, _data, run) => {
  return typeof values === "string" ? values : concatenate(asList("cat", values), run);
};

/** What `cat` answers for evaluated arguments. */
export function concatenate(values: readonly unknown[], run: Run): string {
  let text = "";
  for (const value of values) text += toText(value);
  charge(run, text.length);
  return values.length < 2 ? text : trim(text);
}

/** `substr`: by code points; a start before or past the text gives the whole text. */
export const substr: EagerOperator = (args, _data, run) => {
  const values = atLeast("substr", args, 2);
  const text = toText(values[0]);
  const points = Array.from(text);
  charge(run, points.length);
  let from = toInteger(toNumber(values[1]));
  if (from < 0) from += points.length;
  if (from < 0 || from > points.length) return text;
  const length = values.length === 3 ? toInteger(toNumber(values[2])) : points.length;
  const to = Math.min(length < 0 ? points.length + length : from + length, points.length);
  return to < from ? refuse("substr ends before it starts") : points.slice(from, to).join("");
};

/** `starts_with`: of exactly two texts, else null. */
export const startsWith: EagerOperator = (args) => {
  const texts = twoTexts(args);
  return texts && texts[0].startsWith(texts[1]);
};

/** `ends_with`: of exactly two texts, else null. */
export const endsWith: EagerOperator = (args) => {
  const texts = twoTexts(args);
  return texts && texts[0].endsWith(texts[1]);
};

function twoTexts(values: unknown): readonly [string, string] | null {
  if (!Array.isArray(values) || values.length !== 2) return null;
  const [text, part] = values as unknown[];
  return typeof text === "string" && typeof part === "string" ? [text, part] : null;
}
