import { toInteger, toNumber, toText, trim } from "../coerce.ts";
import { refuse } from "../failure.ts";
import { charge, type Run } from "../run.ts";
import { asList, atLeast } from "./arguments.ts";
import type { EagerOperator, Operators } from "./operator.ts";

/** What `cat` answers for evaluated arguments: the texts joined; of two or more, flagd trims both ends of the result. */
export function concatenate(values: readonly unknown[], run: Run): string {
  const text = values.map(toText).join("");
  charge(run, text.length);
  return values.length < 2 ? text : trim(text);
}

/** Tells something of exactly two texts; of anything else, null. */
function ofTwoTexts(test: (text: string, part: string) => boolean): EagerOperator {
  return (args) => {
    if (!Array.isArray(args) || args.length !== 2) return null;
    const [text, part] = args as unknown[];
    return typeof text === "string" && typeof part === "string" ? test(text, part) : null;
  };
}

/** Operators on texts. */
export const strings: Operators<EagerOperator> = {
  cat: (args, _data, run) => (typeof args === "string" ? args : concatenate(asList("cat", args), run)),
  /** By code points; a start before or past the text gives the whole text. */
  substr: (args, _data, run) => {
    const values = atLeast("substr", args, 2);
    const text = toText(values[0]);
    const points = Array.from(text);
    const { length } = points;
    charge(run, length);
    let from = toInteger(toNumber(values[1]));
    if (from < 0) from += length;
    if (from < 0 || from > length) return text;
    const count = values.length === 3 ? toInteger(toNumber(values[2])) : length;
    const to = count < 0 ? length + count : Math.min(from + count, length);
    return to < from ? refuse("substr ends before it starts") : points.slice(from, to).join("");
  },
  starts_with: ofTwoTexts((text, part) => text.startsWith(part)),
  ends_with: ofTwoTexts((text, part) => text.endsWith(part)),
};
