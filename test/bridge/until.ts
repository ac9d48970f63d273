/** Waits until the condition holds, looking between turns of the event loop; fails after 45 s with what was waited for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 45_000;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`waited 45 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
