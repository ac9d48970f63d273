import type { FlagDefinition } from "@flagspan/ruleset";

/** A write that control accepted. */
export interface ControlWrite {
  readonly revision: string;
  readonly flag: FlagDefinition;
  /** Whether a kill of the flag stands; told when it is read. */
  readonly killed: boolean;
  /** What the flag was before the kill, where one stands. */
  readonly restores?: FlagDefinition;
}

/** Whom a kill reaches; neither field means everybody. */
export interface KillRequest {
  readonly reason: string;
  readonly variant?: string;
}

/** Which instances hold a revision (DESIGN 4.4). */
export interface AppliedReport {
  readonly revision: string;
  readonly connected: number;
  readonly applied: number;
  readonly instances: readonly {
    readonly instance: string;
    readonly revision?: string | number;
    readonly appliedAt?: string;
    readonly connected?: boolean;
  }[];
}

/** What the guard needs of control; nothing else can change a flag. */
export interface ControlClient {
  getFlag(set: string, key: string): Promise<ControlWrite>;
  putFlag(
    set: string,
    key: string,
    flag: FlagDefinition,
    reason: string,
    revision?: string,
  ): Promise<ControlWrite>;
  killFlag(set: string, key: string, request: KillRequest): Promise<ControlWrite>;
  /** Ends a kill: what everybody gets next is `flag`, without anything in between. */
  restoreFlag(
    set: string,
    key: string,
    flag: FlagDefinition,
    reason: string,
    revision?: string,
  ): Promise<ControlWrite>;
  applied(set: string, revision: string): Promise<AppliedReport>;
}

/** What went wrong between guard and control: `refused` will not get better by itself, `unavailable` may, `conflict` means somebody else wrote. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: "refused" | "unavailable" | "conflict" | "not-found";

  constructor(code: ControlError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Where control is, and the guard's key (scopes `write`, `kill`). `timeoutMs` (default 2000) bounds every request. */
export interface ControlClientOptions {
  readonly baseUrl: string;
  readonly key: string;
  readonly fetch?: (input: string, init?: RequestInit) => Promise<Response>;
  readonly timeoutMs?: number;
}

/** Creates a client of control's HTTP API; every failure is a `ControlError`. */
export function createControlClient(options: ControlClientOptions): ControlClient {
  const base = options.baseUrl.replace(/\/$/, "");
  const send = options.fetch ?? ((input: string, init?: RequestInit) => fetch(input, init));

  async function request(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    let response: Response;
    try {
      response = await send(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${options.key}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(options.timeoutMs ?? 2000),
      });
    } catch (cause) {
      throw new ControlError("unavailable", `control did not answer ${method} ${path}.`, { cause });
    }
    const text = await response.text();
    if (response.ok) return text === "" ? {} : (JSON.parse(text) as unknown);
    throw new ControlError(
      codeOf(response.status),
      `control answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`,
    );
  }

  const flagPath = (set: string, key: string): string =>
    `/v1/flags/${encodeURIComponent(set)}/${encodeURIComponent(key)}`;
  return {
    async getFlag(set, key) {
      return readWrite(await request("GET", flagPath(set, key)));
    },
    async putFlag(set, key, flag, reason, revision) {
      return readWrite(await request("PUT", flagPath(set, key), { flag, reason }, ifMatch(revision)));
    },
    async killFlag(set, key, kill) {
      return readWrite(await request("POST", `${flagPath(set, key)}/kill`, kill));
    },
    async restoreFlag(set, key, flag, reason, revision) {
      const path = `${flagPath(set, key)}/restore`;
      return readWrite(await request("POST", path, { flag, reason }, ifMatch(revision)));
    },
    async applied(set, revision) {
      const path = `/v1/rulesets/${encodeURIComponent(set)}/applied?revision=${encodeURIComponent(revision)}`;
      return (await request("GET", path)) as AppliedReport;
    },
  };
}

function ifMatch(revision: string | undefined): Readonly<Record<string, string>> {
  return revision === undefined ? {} : { "if-match": `"${revision}"` };
}

function readWrite(body: unknown): ControlWrite {
  const { flag, revision, killed, restores } = body as {
    flag?: FlagDefinition;
    revision?: string | number;
    killed?: boolean;
    restores?: FlagDefinition;
  };
  if (flag === undefined || revision === undefined)
    throw new ControlError("refused", "control's answer has no flag and revision; is the URL right?");
  return {
    flag,
    revision: String(revision),
    killed: killed === true,
    ...(restores === undefined ? {} : { restores }),
  };
}

function codeOf(status: number): ControlError["code"] {
  if (status === 404) return "not-found";
  if (status === 409 || status === 412) return "conflict";
  return status >= 500 || status === 429 || status === 408 ? "unavailable" : "refused";
}
