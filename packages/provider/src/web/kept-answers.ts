import type { WebFlag } from "./parse-bulk.ts";
import type { FlagspanWebProviderOptions } from "./web-options.ts";

/** What was answered on an earlier visit. */
export interface Kept {
  readonly flags: readonly WebFlag[];
  /** Only if it was answered for exactly this context. */
  readonly etag?: string;
}

/** Answers kept in the browser, by targeting key. A storage that is full, forbidden or absent keeps nothing; neither does a page without a secure context, which has no hash. Never rejects. */
export interface KeptAnswers {
  /** `context` is the context's JSON. */
  read(targetingKey: string, context: string): Promise<Kept | undefined>;
  write(targetingKey: string, context: string, kept: Kept): Promise<void>;
}

const thirtyDaysMs = 30 * 86_400_000;

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** Opens the kept answers. The key is a hash of address, credentials, domain and targeting key (OFREP ADR-0009, amended): none can be read back. */
export function openKeptAnswers(
  options: FlagspanWebProviderOptions,
  domain: string | undefined,
  nowMs: () => number,
): KeptAnswers {
  const { url, key, headers, set, cacheTtlMs = thirtyDaysMs } = options;
  const storage = (): FlagspanWebProviderOptions["storage"] =>
    options.cache === "off" ? undefined : (options.storage ?? globalThis.localStorage);
  const keyOf = async (targetingKey: string): Promise<string> =>
    `flagspan:${await hash(JSON.stringify([url, key, headers, set, domain, targetingKey]))}`;

  return {
    read: async (targetingKey, context) => {
      try {
        const text = storage()?.getItem(await keyOf(targetingKey)) ?? "null";
        const kept = JSON.parse(text) as (Kept & { savedAt: number; context: string }) | null;
        if (kept === null || !(nowMs() - kept.savedAt < cacheTtlMs) || !Array.isArray(kept.flags))
          return undefined;
        const { flags, etag } = kept;
        return etag !== undefined && kept.context === (await hash(context)) ? { flags, etag } : { flags };
      } catch {
        return undefined;
      }
    },
    write: async (targetingKey, context, kept) => {
      try {
        const entry = { ...kept, context: await hash(context), savedAt: nowMs() };
        storage()?.setItem(await keyOf(targetingKey), JSON.stringify(entry));
      } catch {
        // Full or forbidden: the next visit starts from the network.
        return;
      }
    },
  };
}
