import type { Announcement } from "./availability.ts";

/** The first announcement settles `initialize`; the later ones are events. */
export interface Initialization {
  readonly promise: Promise<void>;
  readonly announce: (what: Announcement, message: string) => void;
  /** The provider is closed: whoever still waits is told. */
  readonly cancel: () => void;
}

/**
 * Creates the switch between the two lifecycles: an SDK of today makes READY and ERROR out of the promise, so the
 * provider stays silent; under specification 0.9 §2.8 (`emitsOwn`) the provider emits before the promise settles.
 */
export function createInitialization(
  emitsOwn: boolean,
  emit: (what: Announcement, message: string) => void,
  createError: (what: Announcement, message: string) => Error,
): Initialization {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  let pending = true;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return {
    promise,
    announce: (what, message) => {
      const first = pending;
      pending = false;
      if (!first || emitsOwn) emit(what, message);
      if (!first) return;
      if (what === "ready") resolve();
      else reject(createError(what, message));
    },
    cancel: () => {
      pending = false;
      reject(createError("error", "the provider was closed"));
    },
  };
}
