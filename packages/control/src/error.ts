/** What went wrong, for code that must decide. The text is for people. */
export type ControlErrorCode =
  | "store-locked"
  | "store-corrupt"
  | "store-unavailable"
  | "ruleset-unreadable"
  | "write-refused"
  | "closed";

/** The one error this package throws. Callers compare `code`, never the text. */
export class ControlError extends Error {
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ControlError";
    this.code = code;
  }
}
