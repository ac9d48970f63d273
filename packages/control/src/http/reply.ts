/** An answer as plain data, so that the same one can leave through `fetch` or through a node socket. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Headers for other origins, beside `headers`. */
  readonly crossOrigin?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
  /** Length of a text body in UTF-8, where it is known already. */
  readonly bodyBytes?: number | undefined;
}

/** Headers every answer carries. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** Answers JSON that no cache keeps. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body: JSON.stringify(body),
  };
}

/** The answer as a web standard `Response`. */
export function toResponse(reply: Reply): Response {
  const bodyless = reply.status === 204 || reply.status === 304;
  return new Response(bodyless ? null : (reply.body ?? null), {
    status: reply.status,
    headers: { ...COMMON_HEADERS, ...reply.headers, ...reply.crossOrigin },
  });
}
