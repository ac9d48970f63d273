import type { Version } from "../evaluate/version.ts";

/** A release whose three numbers are all small enough to subtract. */
export type PlainVersion = readonly [major: number, minor: number, patch: number];

/** Longer texts are not looked at: up to here no number can have too many digits. */
const MAX_LENGTH = 15;

/** A version as a plain one, however it was written. */
export function toPlain(version: Version): PlainVersion | undefined {
  return parsePlainVersion(version.join("."));
}

/**
 * `1.2.3` of short numbers, which nearly all versions are, without the regular expression (a tenth of its time);
 * undefined for what is written otherwise.
 */
export function parsePlainVersion(text: string): PlainVersion | undefined {
  const length = text.length;
  if (length > MAX_LENGTH) return undefined;
  let major = 0;
  let minor = 0;
  let part = 0;
  let number = -1;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      // A number after a leading zero is none.
      if (number === 0) return undefined;
      number = number < 0 ? digit : number * 10 + digit;
      continue;
    }
    if (digit !== -2 || number < 0 || part === 2) return undefined;
    if (part++ === 0) major = number;
    else minor = number;
    number = -1;
  }
  return part < 2 || number < 0 ? undefined : [major, minor, number];
}
