/** The longest text from outside that goes on the wire, in UTF-16 units. */
const maxTextLength = 256;

/** Control characters (C0, DEL, C1) and the line and paragraph separators, which split log lines. */
const unclean = /[\p{Cc}\p{Zl}\p{Zp}]/gu;
const uncleanProbe = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/**
 * Strips control characters and cuts the text at 256 characters, so that a flag key or variant chosen by somebody else
 * can neither forge a log line nor grow a payload. Clean text is returned as it is, without a copy.
 */
export function cleanText(text: string, maxLength: number = maxTextLength): string {
  const short = text.length > maxLength ? text.slice(0, maxLength) : text;
  return uncleanProbe.test(short) ? short.replace(unclean, "") : short;
}
