/** Runs a flush once, a fixed time after something began to wait, without keeping the process alive for it. */
export class FlushTimer {
  readonly #delayMs: number;
  readonly #flush: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(delayMs: number, flush: () => void) {
    this.#delayMs = delayMs;
    this.#flush = flush;
  }

  /** Makes sure a flush is coming; further calls until then change nothing. */
  wake(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, this.#delayMs);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Drops a flush that has not begun. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
