import type { HttpClientOptions } from "../source/http-client.ts";
import type { Source } from "../source/source.ts";
import type { Clock } from "../sync/clock.ts";
import type { ContextIdScope } from "./resolve.ts";

/** Options of `FlagspanProvider`. Give `url` and `set`, or a `source` of your own. Times are milliseconds. */
export interface FlagspanProviderOptions extends HttpClientOptions {
  /** Where control is. */
  readonly url?: string;
  /** The flag set, `shop.prod`. Without it, `url` is the address of a flagd JSON document that is polled. */
  readonly set?: string;
  /** A key with scope `sync`: `fs_<id>.<secret>`. */
  readonly key?: string;
  /** Replaces `url`, `set`, `key`, `cacheDir`, `pollIntervalMs`, `proxy` and `connect`. */
  readonly source?: Source;
  /** Names this process in acknowledgements and telemetry; default: host name, process id and a random suffix. */
  readonly instance?: string;
  /**
   * How long `initialize` may wait for a first ruleset; default 10,000. A kept ruleset ends the wait at once. When time is
   * up, `initialize` rejects (the client's status becomes ERROR, defaults are answered), sync goes on, and the first
   * ruleset makes the provider READY. 401 and 403 do not wait: they reject at once as FATAL, and recover the same way.
   */
  readonly initTimeoutMs?: number;
  /** From losing the link until STALE; default 5,000. */
  readonly staleAfterMs?: number;
  /** From STALE until ERROR; default 300,000, `Infinity` for never. The last good ruleset answers in either. */
  readonly errorAfterMs?: number;
  /** Where the last good ruleset is kept between lives. */
  readonly cacheDir?: string;
  /** Time between fetches while there is no stream; default 5,000, at most 1,000 while a flag of `set` is under rollout. */
  readonly pollIntervalMs?: number;
  /** Which evaluations carry `flagMetadata.contextId`: those of watched flags (default), or all. */
  readonly contextId?: ContextIdScope;
  /**
   * Who emits READY and ERROR for `initialize`: the SDK, from its promise (`sdk`, default, every SDK of today), or the
   * provider (`spec-0.9`, OpenFeature specification 0.9 §2.8, for SDKs that follow it). Never both.
   */
  readonly lifecycle?: "sdk" | "spec-0.9";
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}
