import { cleanText } from "./clean-text.ts";
import { hmacSha256 } from "./hmac-sha256.ts";

/** An evaluation context, as a hook sees it. */
export type SubjectContext = Readonly<Record<string, unknown>>;

/**
 * How foreign providers' subjects become `feature_flag.context.id`: a secret (HMAC-SHA-256 of the targeting key under it,
 * 96 bits, base64url; the same secret in every service) or a function of the evaluation context. What a function
 * returns goes on the wire as it is.
 */
export type SubjectKey = string | ((context: SubjectContext) => string | undefined);

/** Names the unit of an evaluation, or nothing. */
export type SubjectReader = (
  metadata: Readonly<Record<string, unknown>> | undefined,
  context: SubjectContext | undefined,
) => string | undefined;

/** How many targeting keys' pseudonyms are remembered. */
const maxRemembered = 10_000;

/** Builds the reader: the provider's own `flagMetadata.contextId` first, else `subjectKey`, else no unit. */
export function subjectReader(subjectKey: SubjectKey | undefined): SubjectReader {
  const derive = typeof subjectKey === "string" ? pseudonyms(subjectKey) : subjectKey;
  return (metadata, context) => {
    const given = metadata?.["contextId"];
    if (typeof given === "string" && given !== "") return cleanText(given, 128);
    if (derive === undefined || context === undefined) return undefined;
    const derived = derive(context);
    return derived === undefined || derived === "" ? undefined : cleanText(derived, 128);
  };
}

/** Derives and remembers pseudonyms; the older half of the memory falls out at once. */
function pseudonyms(secret: string): (context: SubjectContext) => string | undefined {
  const encoder = new TextEncoder();
  const key = encoder.encode(secret);
  let young = new Map<string, string>();
  let old = new Map<string, string>();
  return (context) => {
    const targetingKey = context["targetingKey"];
    if (typeof targetingKey !== "string" || targetingKey === "") return undefined;
    const known = young.get(targetingKey);
    if (known !== undefined) return known;
    const pseudonym =
      old.get(targetingKey) ?? base64Url(hmacSha256(key, encoder.encode(targetingKey)).subarray(0, 12));
    if (young.size >= maxRemembered / 2) {
      old = young;
      young = new Map();
    }
    young.set(targetingKey, pseudonym);
    return pseudonym;
  };
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
