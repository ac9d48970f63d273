import type { ApiOptions } from "../../api.ts";
import type { CommandIo } from "../../command.ts";
import { UsageError } from "../../command.ts";

/** A set's ruleset as text, and the secret by which its units are named. */
export interface FetchedRuleset {
  readonly text: string;
  readonly unitSecret: string | undefined;
}

/** Fetches a set's ruleset the way a provider does; the unit secret comes in a header, for keys with the sync scope only. */
export async function fetchRuleset(set: string, options: ApiOptions, io: CommandIo): Promise<FetchedRuleset> {
  const url = (options.url ?? io.env["FLAGSPAN_URL"] ?? "http://127.0.0.1:4600").replace(/\/$/, "");
  const key = options.key ?? io.env["FLAGSPAN_KEY"];
  let response: Response;
  try {
    response = await fetch(`${url}/v1/rulesets/${encodeURIComponent(set)}`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: io.signal,
    });
  } catch {
    throw new UsageError(
      `control at ${url} cannot be reached; start it with \`flagspan serve\` or set --url (or FLAGSPAN_URL).`,
    );
  }
  if (!response.ok)
    throw new UsageError(
      response.status === 404
        ? `there is no flag set ${set}.`
        : `control answered ${response.status} for ${set}; the key needs the sync scope.`,
    );
  return {
    text: await response.text(),
    unitSecret: response.headers.get("flagspan-unit-secret") ?? undefined,
  };
}
