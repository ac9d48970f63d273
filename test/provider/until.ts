import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

/** Waits until something is so, for at most ten seconds; says what it waited for if it never is. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
}

/**
 * Waits at least so long, and as many turns of the event loop as an answer over loopback needs, both ends being in this
 * process: on a busy machine time alone passes without anything being done.
 */
export async function letSocketsAnswer(ms: number): Promise<void> {
  await sleep(ms);
  for (let turns = 0; turns < 40; turns++) await turn();
}

/** Lets sockets do what they were about to do, to show that something does not happen. */
export async function settle(): Promise<void> {
  await letSocketsAnswer(120);
}
