/** Names under which secrets travel. An identifier of a secret (`tokenName`, `keyId`) is none. */
const secretName =
  /(?:secret|token|password|passwd|pwd|authorization|api[-_]?key|access[-_]?key|private[-_]?key|credential|cookie|signature)s?$/i;
/** Texts that are secrets wherever they stand: credentials of HTTP, in a URL, and keys that carry their kind in front. */
const secretText =
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}|(?<=:\/\/)[^\s/@:]*:[^\s/@]+(?=@)|\b(?:whsec_|fs_|ewhk_|wk_|sk_|sdk-|mob-|api-|xox[abp]-|gh[pousr]_|glsa_|configcat_whsk_)[\w.+/=-]{8,}/g;
const redacted = "[redacted]";

/**
 * Copies a JSON value without its secrets: texts under a name that means one, texts that look like one, and wherever one of `secrets`
 * stands. Shapes stay as they are, so that what remains can be read like the original.
 */
export function redact(value: unknown, secrets: readonly string[]): unknown {
  const clean = (text: string): string =>
    secrets
      .reduce((left, secret) => left.replaceAll(secret, redacted), text)
      .replaceAll(secretText, redacted);
  const copy = (part: unknown, name: string): unknown => {
    if (typeof part === "string") return part !== "" && secretName.test(name) ? redacted : clean(part);
    if (Array.isArray(part)) return part.map((each) => copy(each, name));
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, each]) => [clean(key), copy(each, key)] as const),
    );
  };
  return copy(value, "");
}
