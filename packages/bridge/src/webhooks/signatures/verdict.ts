/** Whether a delivery is from who it says, with the reason where it is not. The reason holds no secret and no signature. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** A delivery as it arrived: header names in lower case, the body untouched. */
export interface Delivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  readonly query: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, when it arrived. */
  readonly nowMs: number;
}

/** A way to verify a delivery against the secrets in force: more than one while a secret is being changed. */
export type Verify = (delivery: Delivery, secrets: readonly string[]) => Verdict;

/** The verdict over a comparison. */
export function verdict(ok: boolean, problem: string): Verdict {
  return ok ? { ok } : { ok, problem };
}
