import type { Clock } from "../clock.ts";

/** How a lease is taken, for whom and by which clock. */
export interface LeaseOptions {
  readonly acquire: (ttlMs: number) => Promise<boolean>;
  readonly clock: Clock;
}

const leaseMs = 30_000;

/** How often a lease is renewed, and how often one that somebody else holds is asked for. */
export const renewEveryMs: number = leaseMs / 3;

/** The right of one process to send for a sink. */
export class Lease {
  /** Whether it was held when last asked for. */
  held = false;
  private readonly options: LeaseOptions;
  private renewedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeaseOptions) {
    this.options = options;
  }

  /** Takes or renews the lease, at most every ten seconds. */
  async hold(): Promise<boolean> {
    const { clock, acquire } = this.options;
    if (this.held && clock.now() - this.renewedAt < renewEveryMs) return true;
    this.held = await acquire(leaseMs);
    if (this.held) this.renewedAt = clock.now();
    return this.held;
  }

  /** Waits until the given time and keeps the lease meanwhile; false where it was lost or the signal fires. */
  async holdUntil(untilMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.options;
    for (let left = untilMs - clock.now(); left > 0; left = untilMs - clock.now()) {
      await clock.sleep(Math.min(left, renewEveryMs), signal);
      if (signal.aborted || !(await this.hold())) return false;
    }
    return true;
  }

  /** Lets the lease end now, so that another process need not wait for it. */
  async handOver(): Promise<void> {
    if (!this.held) return;
    this.held = false;
    await this.options.acquire(0);
  }
}
