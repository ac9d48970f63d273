import { type BackoffPolicy, defaultBackoff } from "../sync/backoff.ts";
import type { Failure } from "../sync/failure.ts";
import type { LinkPolicy } from "../sync/link-state.ts";
import { type Link, runLink } from "../sync/run-link.ts";
import { createAcknowledger } from "./acknowledge.ts";
import { createAudit } from "./audit.ts";
import { checkHttpSource } from "./check-options.ts";
import {
  classifyError,
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  withoutQuery,
} from "./http-client.ts";
import { createHttpTransport } from "./http-transport.ts";
import { createPollInterval } from "./poll-interval.ts";
import { createRulesetGate } from "./ruleset-gate.ts";
import { createSettler } from "./settle.ts";
import { createSnapshotFile } from "./snapshot-file.ts";
import type { AppliedChange, OpenSource, Source, SourceEnvironment, SourceListener } from "./source.ts";

/** Options of `httpSource`. Times are milliseconds. */
export interface HttpSourceOptions extends HttpClientOptions {
  /** With `set`: where control is. Without: the address of any flagd JSON document, which is polled. */
  readonly url: string;
  /** The flag set on control. */
  readonly set?: string;
  /** `fs_<id>.<secret>`, sent as `Authorization: Bearer`. */
  readonly key?: string;
  /** Further request headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time between fetches while there is no stream; default 5,000, at most 1,000 while a flag of `set` is under rollout. */
  readonly pollIntervalMs?: number;
  /** Whether to hold a stream when `set` is given; default true. */
  readonly stream?: boolean;
  /** Where the last good ruleset is kept between lives; default: nowhere. */
  readonly cacheDir?: string;
  /**
   * Time between comparisons with the server's ETag while streaming; default 300,000, and within a minute of every
   * reconnect. They repair what was damaged unseen.
   */
  readonly auditIntervalMs?: number;
  /** Longest silence on the stream; default 45,000, three heartbeats of control. */
  readonly idleMs?: number;
  /** Longest wait for the stream to open; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Longest fetch; default 10,000. */
  readonly fetchTimeoutMs?: number;
  /** Longest document or event in bytes; default 32 MiB. */
  readonly maxBytes?: number;
  readonly backoff?: Partial<BackoffPolicy>;
  /** Replaces the network; for tests. */
  readonly client?: () => HttpClient;
}

function joinUrl(base: string, path: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/u, "")}${path}`;
  return url.href;
}

function createPolicy(options: HttpSourceOptions, pollIntervalMs: () => number): LinkPolicy {
  return {
    backoff: { ...defaultBackoff, ...options.backoff },
    streams: options.set !== undefined && options.stream !== false,
    fetchFirst: false,
    get pollIntervalMs(): number {
      return pollIntervalMs();
    },
    idleMs: options.idleMs ?? 45_000,
    connectMs: options.connectTimeoutMs ?? 10_000,
    fetchMs: options.fetchTimeoutMs ?? 10_000,
    healthyMs: 60_000,
  };
}

/**
 * Creates a source that follows a server: control's stream where there is one, polling with ETag where there is none.
 * Throws a TypeError that names the option if it cannot mean anything.
 */
export function httpSource(options: HttpSourceOptions): Source {
  checkHttpSource(options);
  const { set } = options;
  const path = set === undefined ? "" : `/v1/rulesets/${encodeURIComponent(set)}`;
  const rulesetUrl = set === undefined ? options.url : joinUrl(options.url, path);
  const streamUrl = joinUrl(options.url, `${path}/stream`);

  function open(listener: SourceListener, environment: SourceEnvironment): OpenSource {
    const { clock, random, instance } = environment;
    const client = (options.client ?? (() => createHttpClient(options)))();
    const gate = createRulesetGate(true);
    const headers = {
      "user-agent": "flagspan-provider/0.1",
      "flagspan-instance": instance,
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...options.headers,
    };
    const file =
      options.cacheDir === undefined
        ? undefined
        : createSnapshotFile(options.cacheDir, `${rulesetUrl}\n${set ?? ""}`);
    const settler = createSettler({
      gate,
      file,
      clock,
      failed: (error) => listener.failure(describeDiskError(error, options.cacheDir)),
      damaged: () => {
        listener.failure({
          kind: "invalid-data",
          message: `${withoutQuery(rulesetUrl)}: revision ${gate.held?.revision ?? ""} is not what its patch promised; the whole is fetched`,
        });
        link?.refresh();
      },
    });
    const acknowledger =
      set === undefined
        ? undefined
        : createAcknowledger({
            client,
            url: joinUrl(options.url, `${path}/applied`),
            headers,
            instance,
            random,
            clock,
          });
    let unitSecret: Uint8Array | undefined;
    let link: Link | undefined;
    let isLinkUp = false;
    let isToldGood = false;
    let closing: Promise<void> | undefined;

    const update = (
      kept: boolean,
      changes: readonly AppliedChange[] = [],
      touched?: readonly string[],
    ): void => {
      const { held } = gate;
      if (held === undefined || closing !== undefined) return;
      const layer = {
        ruleset: held.ruleset,
        revision: held.revision,
        ...(set === undefined ? {} : { flagSetId: set }),
        ...(unitSecret === undefined ? {} : { unitSecret }),
      };
      listener.update({ layers: [layer], kept, changes, ...(touched === undefined ? {} : { touched }) });
    };

    // A server that is behind what is held is not followed, however good the connection.
    const tellLink = (): void => {
      const good = isLinkUp && !gate.isAhead;
      if (good !== isToldGood) listener.link(good);
      isToldGood = good;
    };

    const transport = createHttpTransport({
      client,
      gate,
      clock,
      rulesetUrl,
      streamUrl,
      headers,
      maxBytes: options.maxBytes ?? 32 * 1024 * 1024,
      checksummed: set !== undefined,
      compared: tellLink,
      secret: (secret) => {
        const changed = unitSecret === undefined || Buffer.compare(unitSecret, secret) !== 0;
        unitSecret = secret;
        if (changed) update(true, [], []);
      },
      taken: (changes, touched) => {
        update(false, changes, touched);
        settler.touch();
      },
      refused: () =>
        listener.failure({
          kind: "invalid-data",
          message: `${withoutQuery(rulesetUrl)} offers an older revision than ${gate.held?.revision ?? ""}, which is kept; if its store was restored or reset on purpose, restart with an empty cacheDir`,
        }),
    });

    const configuredMs = options.pollIntervalMs ?? 5000;
    const followed = createPollInterval(configuredMs, () => gate.held?.ruleset);
    const policy = createPolicy(options, set === undefined ? () => configuredMs : followed);
    const audit = createAudit(options.auditIntervalMs ?? 300_000, clock, random, () => link?.refresh());
    /** Whether the next stream goes on from something held. */
    let resumes = false;

    async function start(): Promise<void> {
      const kept = await file?.read();
      if (closing !== undefined) return;
      if (kept !== undefined) {
        const verdict = gate.offerText(kept.text, kept.etag === undefined ? {} : { etag: kept.etag });
        resumes = verdict.kind === "taken";
        if (resumes) update(true);
      }
      link = runLink({
        policy,
        transport,
        clock,
        random,
        observer: {
          link: (up) => {
            if (up) acknowledger?.repeat();
            if (up && resumes && policy.streams) audit.resume();
            resumes = true;
            isLinkUp = up;
            tellLink();
          },
          failure: (failure) => listener.failure(failure),
        },
      });
      if (policy.streams) audit.start();
    }

    async function close(): Promise<void> {
      audit.close();
      link?.close();
      acknowledger?.close();
      await client.close();
      await settler.close();
    }

    // `start` itself rejects only on a bug in the runner; a broken disk reads as an empty one.
    start().catch((error: unknown) => listener.failure(classifyError(error, rulesetUrl)));
    return {
      applied: () => {
        if (gate.held !== undefined) acknowledger?.applied(gate.held.revision);
      },
      close: () => (closing ??= close()),
    };
  }

  return { name: `http ${withoutQuery(rulesetUrl)}`, open };
}

function describeDiskError(error: unknown, cacheDir = ""): Failure {
  const text = error instanceof Error ? error.message : String(error);
  return { kind: "disk", message: `the ruleset cannot be kept in ${cacheDir}: ${text}` };
}
