import type { EvaluationContext } from "@openfeature/web-sdk";
import type { Clock } from "../sync/clock.ts";
import { parseFlags, type WebFlag } from "./parse-bulk.ts";
import type { FlagspanWebProviderOptions } from "./web-options.ts";

/** What was answered on an earlier visit. */
export interface Kept {
  readonly flags: ReadonlyMap<string, WebFlag>;
  /** Only if it was answered for exactly this context. */
  readonly etag: string | undefined;
}

/** Answers kept in the browser, by targeting key. A storage that is full, forbidden or absent keeps nothing; neither does a page without a secure context, which has no hash. Never rejects. */
export interface KeptAnswers {
  read(context: EvaluationContext): Promise<Kept | undefined>;
  write(context: EvaluationContext, kept: Kept): Promise<void>;
}

/** An entry as it is stored: anyone may have written it. */
interface Entry {
  readonly flags: unknown;
  readonly etag: string;
  /** Hash of the context. */
  readonly context: string;
  readonly savedAt: number;
}

const thirtyDaysMs = 30 * 86_400_000;

async function hash(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value)));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** Opens the kept answers. The key is a hash of address, credentials, domain and targeting key (OFREP ADR-0009, amended): none can be read back. */
export function openKeptAnswers(
  options: FlagspanWebProviderOptions,
  domain: string | undefined,
  clock: Clock,
): KeptAnswers {
  const { url, key, headers, set, cacheTtlMs = thirtyDaysMs } = options;
  const storage = (): FlagspanWebProviderOptions["storage"] =>
    options.cache === "off" ? undefined : (options.storage ?? globalThis.localStorage);
  const keyOf = async ({ targetingKey }: EvaluationContext): Promise<string> =>
    `flagspan:${await hash([url, key, headers, set, domain, targetingKey])}`;

  return {
    read: async (context) => {
      try {
        const text = storage()?.getItem(await keyOf(context)) ?? "null";
        const kept = JSON.parse(text) as Entry | null;
        const flags = parseFlags(kept?.flags);
        if (kept === null || flags === undefined || !(Math.abs(clock.now() - kept.savedAt) < cacheTtlMs))
          return undefined;
        const isSame = typeof kept.etag === "string" && kept.context === (await hash(context));
        return { flags, etag: isSame ? kept.etag : undefined };
      } catch {
        return undefined;
      }
    },
    write: async (context, kept) => {
      try {
        const flags = [...kept.flags.values()];
        const entry = { ...kept, flags, context: await hash(context), savedAt: clock.now() };
        storage()?.setItem(await keyOf(context), JSON.stringify(entry));
      } catch {
        // Full or forbidden: the next visit starts from the network.
        return;
      }
    },
  };
}
