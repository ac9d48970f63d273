/**
 * A request that got no answer, or none that may be used. The message names the host and never the path, query, headers or body: any
 * of them can hold a secret.
 */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly code: "no-answer" | "private-address" | "redirect" | "bad-url";

  constructor(code: HttpProblem["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
