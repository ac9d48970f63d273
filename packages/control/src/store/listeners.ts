/** A set of listeners that a failing one cannot keep from the others. */
export interface Listeners<T extends readonly unknown[]> {
  readonly add: (listener: (...args: T) => void) => () => void;
  readonly call: (...args: T) => void;
}

/** Creates an empty set. Listeners are called in a later microtask, never inside the caller's transaction. */
export function createListeners<T extends readonly unknown[]>(): Listeners<T> {
  const listeners = new Set<(...args: T) => void>();
  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    call(...args) {
      for (const listener of listeners) queueMicrotask(() => listener(...args));
    },
  };
}
