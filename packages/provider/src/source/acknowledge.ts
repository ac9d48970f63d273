import type { Clock, Timer } from "../sync/clock.ts";
import type { HttpClient } from "./http-client.ts";

/** Tells the server which revision this process answers from. */
export interface Acknowledger {
  applied(revision: string): void;
  /** The server may have forgotten: say it again. */
  repeat(): void;
  close(): void;
}

const jitterMs = 100;
const attempts = 3;

/**
 * Creates an acknowledger: up to 100 ms of jitter so that a fleet does not answer a change in one instant, the latest
 * revision only, one request at a time, a few attempts. It is information, not control: nothing waits for it.
 */
export function createAcknowledger(options: {
  readonly client: HttpClient;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly instance: string;
  readonly random: () => number;
  readonly clock: Clock;
}): Acknowledger {
  const { clock } = options;
  const abort = new AbortController();
  let latest: string | undefined;
  let told: string | undefined;
  let timer: Timer | undefined;
  let sending = false;

  function schedule(delayMs: number, attempt: number): void {
    if (timer !== undefined || sending || abort.signal.aborted) return;
    timer = clock.setTimeout(() => {
      timer = undefined;
      void send(attempt);
    }, delayMs);
  }

  async function send(attempt: number): Promise<void> {
    const revision = latest;
    sending = true;
    const status = await post(revision).catch(() => 0);
    sending = false;
    if (status >= 200 && status < 300) told = revision;
    if (latest !== told && latest !== revision) schedule(options.random() * jitterMs, 1);
    else if ((status === 0 || status >= 429) && attempt < attempts) {
      schedule(1000 * attempt * (1 + options.random()), attempt + 1);
    }
  }

  async function post(revision: string | undefined): Promise<number> {
    const answer = await options.client.send({
      method: "POST",
      url: options.url,
      headers: { ...options.headers, "content-type": "application/json" },
      body: JSON.stringify({ revision, instance: options.instance }),
      signal: abort.signal,
    });
    answer.discard();
    return answer.status;
  }

  return {
    applied: (revision) => {
      latest = revision;
      if (latest !== told) schedule(options.random() * jitterMs, 1);
    },
    repeat: () => {
      told = undefined;
      if (latest !== undefined) schedule(options.random() * jitterMs, 1);
    },
    close: () => {
      abort.abort();
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = undefined;
    },
  };
}
