import type { CommandIo } from "./command.ts";
import { UsageError } from "./command.ts";

/** Where control is and who is asking. */
export interface ApiOptions {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
}

/** Control's HTTP API as a command sees it. */
export interface Api {
  send<T>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<T>;
}

/**
 * Creates a client from `--url`/`--key` or FLAGSPAN_URL/FLAGSPAN_KEY. An answer that is not 2xx becomes a `UsageError` with the
 * problem's title and detail; a connection that fails says which address was tried.
 */
export function createApi(options: ApiOptions, io: CommandIo): Api {
  const url = (options.url ?? io.env["FLAGSPAN_URL"] ?? "http://127.0.0.1:4600").replace(/\/$/, "");
  const key = options.key ?? io.env["FLAGSPAN_KEY"];
  return {
    async send<T>(
      method: string,
      path: string,
      body?: unknown,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<T> {
      let response: Response;
      try {
        response = await fetch(`${url}${path}`, {
          method,
          headers: {
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: io.signal,
        });
      } catch {
        throw new UsageError(
          `control at ${url} cannot be reached; start it with \`flagspan serve\` or set --url (or FLAGSPAN_URL).`,
        );
      }
      const text = await response.text();
      if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
      throw new UsageError(describeProblem(response.status, text, key !== undefined));
    },
  };
}

function describeProblem(status: number, text: string, hasKey: boolean): string {
  if (status === 401)
    return hasKey
      ? "the key is not known here; create one with `flagspan keys create`."
      : "a key is needed: set --key or FLAGSPAN_KEY.";
  if (status === 403 && !hasKey)
    return "this needs a key: set --key or FLAGSPAN_KEY. (`flagspan dev` takes none: there the file is the truth; writes and rollouts need `flagspan serve`.)";
  try {
    const problem = JSON.parse(text) as {
      title?: string;
      detail?: string;
      issues?: readonly { readonly message?: string }[];
      choices?: readonly string[];
    };
    const told = [problem.title, problem.detail].filter(Boolean).join(": ") || `control answered ${status}.`;
    const first = problem.issues?.[0]?.message;
    const why = first === undefined || told.includes(first) ? "" : `: ${first}`;
    return `${told}${why}${problem.choices === undefined ? "" : `; there are ${problem.choices.join(", ")}`}`;
  } catch {
    return `control answered ${status}.`;
  }
}
