/** A text as part of one line: control and formatting characters become a space, and it ends after so many characters. */
export function asLine(text: string, limit = 120): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\s]+/gu, " ")
    .trim();
  const characters = Array.from(line);
  return characters.length <= limit ? line : `${characters.slice(0, limit - 1).join("")}…`;
}

/** A share for people: `10 %`, `0.125 %`. */
export function asShare(percent: number): string {
  return `${Math.round(percent * 1000) / 1000} %`;
}

/** Names as a list: `a`, `a and b`, `a, b and 3 more`. */
export function asList(names: readonly string[], shown = 3): string {
  const lines = names.slice(0, shown).map((name) => asLine(name, 64));
  const more = names.length - lines.length;
  if (more > 0) return `${lines.join(", ")} and ${more} more`;
  return lines.length < 2 ? lines.join("") : `${lines.slice(0, -1).join(", ")} and ${lines.at(-1)}`;
}
