/** How far a signed timestamp may be from now, either way (Standard Webhooks: five minutes). */
export const replayWindowMs: number = 5 * 60_000;

/** Whether a timestamp in whole seconds, as text, lies within the replay window. */
export function isWithinWindow(seconds: string, nowMs: number): boolean {
  return /^\d{1,12}$/.test(seconds) && Math.abs(Number(seconds) * 1000 - nowMs) <= replayWindowMs;
}
