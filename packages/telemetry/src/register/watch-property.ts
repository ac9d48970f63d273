/**
 * Hears of a value that somebody else keeps in a property, now and later: `see` is called with the value that is there
 * and with each that is written, and may answer another one to keep in its place. Whatever `see` throws stays here; the
 * writer never notices. Deleting the property ends the watch. Answers false where the property cannot be redefined.
 */
export function watchProperty(
  holder: object,
  key: string | symbol,
  see: (value: unknown) => unknown,
): boolean {
  const look = (value: unknown): unknown => {
    if (value === undefined || value === null) return value;
    try {
      return see(value) ?? value;
    } catch {
      return value;
    }
  };
  const before = Object.getOwnPropertyDescriptor(holder, key);
  if (before?.configurable === false) return false;
  let held = look((holder as Record<string | symbol, unknown>)[key]);
  Object.defineProperty(holder, key, {
    configurable: true,
    enumerable: before?.enumerable ?? true,
    get: () => held,
    set: (value: unknown) => {
      held = look(value);
    },
  });
  return true;
}
