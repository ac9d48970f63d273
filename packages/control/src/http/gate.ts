import { hasScope, reachesSet } from "../keys/key.ts";
import type { Keyring, Principal } from "../keys/key.ts";
import type { Scope } from "../store/store.ts";
import type { Target } from "./canonical-path.ts";
import { problem } from "./problem.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { Reply } from "./reply.ts";

/** A request, whoever brought it: a web `Request` or a node socket. */
export interface Ask {
  readonly method: string;
  readonly target: Target;
  readonly address: string;
  header(name: string): string | undefined;
  /** All headers, names in lower case. */
  headers(): Iterable<readonly [string, string]>;
}

/** Who may pass: everyone, or holders of any of these scopes. */
export type Permission = "public" | readonly Scope[];

/** Somebody without a key who is let in all the same, with exactly these rights: for `flagspan dev`. */
export interface Anonymous {
  readonly scopes: readonly Scope[];
  readonly sets: readonly string[];
}

/** The answer at the door. */
export type Admission =
  | { readonly ok: true; readonly principal: Principal | undefined }
  | { readonly ok: false; readonly reply: Reply };

/** Decides who comes in. Deny by default: what no permission allows is refused. */
export interface Gate {
  /** Checks rate, credential, scope and, where `set` is given, whether the key reaches it. */
  admit(ask: Ask, permission: Permission, set?: string): Promise<Admission>;
}

/** Creates the gate over the keyring. */
export function createGate(options: {
  readonly keyring: Keyring;
  readonly now: () => number;
  readonly ratePerSecond: number;
  readonly strangerRatePerSecond: number;
  readonly anonymous?: Anonymous;
  readonly onRejected: (reason: "rate" | "credential" | "scope") => void;
  /** Hears why the keys could not be read. */
  readonly failed: (error: unknown) => void;
}): Gate {
  const { keyring, now, onRejected } = options;
  const known = createRateLimit(options.ratePerSecond, options.ratePerSecond * 2);
  const strangers = createRateLimit(options.strangerRatePerSecond, options.strangerRatePerSecond * 5);
  const anonymous = options.anonymous === undefined ? undefined : toAnonymous(options.anonymous);

  function tooMany(waitSeconds: number): Admission {
    onRejected("rate");
    const reply = problem(
      429,
      `too many requests; come back in ${waitSeconds} s`,
      {},
      {
        "retry-after": String(waitSeconds),
      },
    );
    return { ok: false, reply };
  }

  function refuse(ask: Ask, status: 401 | 403, detail: string): Admission {
    const wait = strangers.take(ask.address, now());
    if (wait > 0) return tooMany(wait);
    onRejected(status === 401 ? "credential" : "scope");
    const headers = status === 401 ? { "www-authenticate": 'Bearer realm="flagspan"' } : {};
    return { ok: false, reply: problem(status, detail, {}, headers) };
  }

  return {
    async admit(ask, permission, set) {
      if (permission === "public") {
        // Whatever credential comes with it is not for us: vendors sign their webhooks in this very header.
        const wait = known.take(`public ${ask.address}`, now());
        return wait > 0 ? tooMany(wait) : { ok: true, principal: undefined };
      }
      const token = readToken(ask);
      let principal = anonymous;
      if (token !== undefined) {
        try {
          const found = keyring.authenticate(token);
          principal = found instanceof Promise ? await found : found;
        } catch (error) {
          options.failed(error);
          return { ok: false, reply: problem(503, KEYS_AWAY, {}, { "retry-after": "2" }) };
        }
      }
      if (principal === undefined) {
        return refuse(ask, 401, "this needs a valid key: Authorization: Bearer fs_<id>.<secret>");
      }
      const wait = known.take(`${principal.keyId} ${ask.address}`, now());
      if (wait > 0) return tooMany(wait);
      if (!hasScope(principal, permission)) {
        return refuse(ask, 403, `this key lacks the scope for it (${permission.join(" or ")})`);
      }
      if (set !== undefined && !reachesSet(principal, set)) {
        return refuse(ask, 403, "this key does not reach that flag set");
      }
      return { ok: true, principal };
    },
  };
}

/** A 401 would tell a client with a good key to give up for minutes; this tells it to come back. */
const KEYS_AWAY = "the keys cannot be read at the moment; come back in 2 s";

function readToken(ask: Ask): string | undefined {
  const authorization = ask.header("authorization");
  if (authorization !== undefined) return authorization.replace(/^Bearer +/i, "");
  return ask.header("x-api-key");
}

function toAnonymous(given: Anonymous): Principal {
  return {
    keyId: "anonymous",
    scopes: new Set(given.scopes),
    sets: given.sets.includes("*") ? "*" : new Set(given.sets),
    actor: { id: "anonymous", type: "user" },
  };
}
