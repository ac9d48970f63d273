const storageKey = "flagspan.session";

/**
 * The tab's session id: random, kept in `sessionStorage`, so that it lives through reloads and ends with the tab. Where
 * storage is forbidden it lives as long as the page.
 */
export function readSessionId(): string {
  try {
    const known = sessionStorage.getItem(storageKey);
    if (known !== null && known !== "") return known;
    const made = randomId();
    sessionStorage.setItem(storageKey, made);
    return made;
  } catch {
    return randomId();
  }
}

/** 128 random bits in hex; `crypto.randomUUID` is missing on pages without TLS. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
