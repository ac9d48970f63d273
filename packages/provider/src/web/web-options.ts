import type { Clock } from "../sync/clock.ts";

/** Options of `FlagspanWebProvider`. Times are milliseconds. */
export interface FlagspanWebProviderOptions {
  /** Where control, or any OFREP server, is. */
  readonly url: string;
  /** The flag set, where the key reaches several. */
  readonly set?: string;
  /** A key with scope `evaluate`: safe in a page, since it sees answers and no rules. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * `local-first` (default): answers kept from the last visit make the provider READY at once, with reason CACHED until the
   * server has answered. `network-first`: they count only if the server cannot be reached; refused credentials are
   * never covered up. `off`: nothing is kept.
   */
  readonly cache?: "local-first" | "network-first" | "off";
  /** How long kept answers are used; default 30 days. */
  readonly cacheTtlMs?: number;
  /** Default `localStorage`, where there is one. */
  readonly storage?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Sends nothing: kept answers, else the code's defaults. */
  readonly disableNetwork?: boolean;
  /** Whether to listen for changes where the server offers a stream; default true. */
  readonly stream?: boolean;
  /** Time between fetches while no stream is open; default `null`: no polling (OFREP ADR-0010). */
  readonly pollIntervalMs?: number | null;
  /** Longest fetch, and longest wait of `initialize`; default 10,000. */
  readonly timeoutMs?: number;
  /** From losing the link until STALE; default 5,000. */
  readonly staleAfterMs?: number;
  /** From STALE until ERROR; default 300,000. */
  readonly errorAfterMs?: number;
  /** As for the server provider: who emits READY and ERROR for `initialize`. */
  readonly lifecycle?: "sdk" | "spec-0.9";
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly random?: () => number;
}
