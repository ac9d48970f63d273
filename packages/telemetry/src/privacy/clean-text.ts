/** The longest text from outside that goes on the wire, in UTF-16 units. */
const maxTextLength = 256;

/**
 * Control characters (C0, DEL, C1), the line and paragraph separators, which split log lines, and surrogates without
 * their other half, for which a strict receiver refuses the whole request.
 */
const unclean = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu;
const uncleanProbe = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Strips what is no text and cuts the text at 256 characters, so that a flag key or variant chosen by somebody else
 * can neither forge a log line nor grow a payload. Clean text is returned as it is, without a copy.
 */
export function cleanText(text: string, maxLength: number = maxTextLength): string {
  const short = text.length > maxLength ? text.slice(0, maxLength) : text;
  return uncleanProbe.test(short) ? short.replace(unclean, "") : short;
}
