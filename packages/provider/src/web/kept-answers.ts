import { sha256Hex } from "@flagspan/ruleset";
import type { FlagspanWebProviderOptions } from "./web-options.ts";
import type { WebFlag } from "./parse-bulk.ts";

/** What was answered on an earlier visit. */
export interface Kept {
  /** Hash of the whole context it was answered for. */
  readonly context: string;
  readonly etag?: string;
  readonly flags: readonly WebFlag[];
}

/** Answers kept in the browser, by targeting key. A storage that is full, forbidden or absent keeps nothing. */
export interface KeptAnswers {
  read(targetingKey: string): Kept | undefined;
  write(targetingKey: string, kept: Kept): void;
}

const prefix = "flagspan:";
const thirtyDaysMs = 30 * 86_400_000;

/** Opens the kept answers. The key is a hash of address, credentials, domain and targeting key (OFREP ADR-0009, amended): none can be read back. */
export function openKeptAnswers(
  options: FlagspanWebProviderOptions,
  domain: string | undefined,
  nowMs: () => number,
): KeptAnswers {
  const keyOf = (targetingKey: string): string => {
    const { url, key, headers, set } = options;
    return prefix + sha256Hex(JSON.stringify([url, key, headers, set, domain, targetingKey]));
  };
  return {
    read: (targetingKey) => {
      try {
        const text = storageOf(options)?.getItem(keyOf(targetingKey));
        const kept = JSON.parse(text ?? "null") as (Kept & { savedAt?: unknown }) | null;
        const ttlMs = options.cacheTtlMs ?? thirtyDaysMs;
        const fresh = typeof kept?.savedAt === "number" && nowMs() - kept.savedAt < ttlMs;
        return kept !== null && fresh && Array.isArray(kept.flags) ? kept : undefined;
      } catch {
        return undefined;
      }
    },
    write: (targetingKey, kept) => {
      try {
        storageOf(options)?.setItem(keyOf(targetingKey), JSON.stringify({ ...kept, savedAt: nowMs() }));
      } catch {
        // Full or forbidden: the next visit starts from the network.
        return;
      }
    },
  };
}

function storageOf(options: FlagspanWebProviderOptions): FlagspanWebProviderOptions["storage"] {
  if (options.cache === "off") return undefined;
  return options.storage ?? (globalThis as { localStorage?: Storage }).localStorage;
}
