/** An error nobody caught, as the exception event of the conventions names it. */
export interface UncaughtError {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** Listens to what the page leaves uncaught: errors and rejections. Changes nothing about how the page treats them. */
export function watchErrors(hear: (error: UncaughtError) => void, signal: AbortSignal): void {
  addEventListener("error", (event) => hear(describe(event.error ?? event.message)), { signal });
  addEventListener("unhandledrejection", (event) => hear(describe(event.reason)), { signal });
}

function describe(thrown: unknown): UncaughtError {
  if (thrown instanceof Error) return { type: thrown.name, message: thrown.message, stack: thrown.stack };
  return { type: typeof thrown, message: typeof thrown === "string" ? thrown : "", stack: undefined };
}
