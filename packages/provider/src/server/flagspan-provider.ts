import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { FlagValueType } from "@flagspan/ruleset";
import {
  ErrorCode,
  type EvaluationContext,
  type EvaluationDetails,
  type FlagValue,
  GeneralError,
  type JsonValue,
  type Logger,
  OpenFeature,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  ProviderFatalError,
  type ResolutionDetails,
} from "@openfeature/server-sdk";
import { checkDelays } from "../source/check-options.ts";
import { httpSource } from "../source/http-source.ts";
import type { Source } from "../source/source.ts";
import type { Announcement } from "../sync/availability.ts";
import { systemClock } from "../sync/clock.ts";
import { createInitialization } from "../sync/initialization.ts";
import { evaluateWithHooks, finish, type SyncEvaluationOptions, typeOf } from "./evaluate-sync.ts";
import type { FlagspanProviderOptions } from "./provider-options.ts";
import { createResolver, type Resolver } from "./resolve.ts";
import type { Served } from "./served.ts";
import { type Session, startSession } from "./session.ts";

const silent: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

function chooseSource(options: FlagspanProviderOptions): Source {
  if (options.source !== undefined) return options.source;
  if (options.url === undefined) {
    throw new GeneralError("FlagspanProvider needs `url` and `set`, or a `source`");
  }
  const { url, set, key, cacheDir, pollIntervalMs, proxy, connect } = options;
  return httpSource({
    url,
    ...(set === undefined ? {} : { set }),
    ...(key === undefined ? {} : { key }),
    ...(cacheDir === undefined ? {} : { cacheDir }),
    ...(pollIntervalMs === undefined ? {} : { pollIntervalMs }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(connect === undefined ? {} : { connect }),
  });
}

/**
 * OpenFeature provider for servers: answers from a local ruleset that follows its source and heals itself.
 *
 * Evaluation always answers and never waits. The constructor throws only if an option cannot mean anything.
 */
export class FlagspanProvider implements Provider {
  readonly metadata: { readonly name: string } = { name: "flagspan" };
  readonly runsOn = "server";
  readonly events: OpenFeatureEventEmitter = new OpenFeatureEventEmitter();
  readonly #options: FlagspanProviderOptions;
  readonly #source: Source;
  readonly #instance: string;
  readonly #resolver: Resolver;
  /** Only this provider's pin counts: several providers may pin in one context. */
  readonly #pin: symbol = Symbol("flagspan.revision");
  #session: Session | undefined;
  #cancel: () => void = () => undefined;
  #served: Served | undefined;

  constructor(options: FlagspanProviderOptions) {
    this.#options = options;
    checkDelays("FlagspanProvider", options, ["initTimeoutMs", "staleAfterMs", "errorAfterMs"], 0);
    this.#source = chooseSource(options);
    this.#instance = options.instance ?? `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    const clock = options.clock ?? systemClock;
    this.#resolver = createResolver(options.contextId ?? "watched", () => clock.now());
  }

  /** Starts sync; resolves with the first ruleset, kept or received. See `initTimeoutMs` for when there is none. */
  initialize(): Promise<void> {
    // Not waited for: whoever closes or starts again in the meantime would be passed by.
    void this.onClose();
    const initialization = createInitialization(
      this.#options.lifecycle === "spec-0.9",
      (what, message) => this.#emit(what, message),
      (what, message) => (what === "fatal" ? new ProviderFatalError(message) : new GeneralError(message)),
    );
    this.#cancel = initialization.cancel;
    const session = startSession(
      {
        source: this.#source,
        clock: this.#options.clock ?? systemClock,
        random: this.#options.random ?? Math.random,
        instance: this.#instance,
        initTimeoutMs: this.#options.initTimeoutMs ?? 10_000,
        staleAfterMs: this.#options.staleAfterMs ?? 5000,
        errorAfterMs: this.#options.errorAfterMs ?? 300_000,
      },
      {
        swapped: (served) => {
          this.#served = served;
        },
        announce: initialization.announce,
        changed: (flags, served) => {
          this.events.emit(ProviderEvents.ConfigurationChanged, {
            flagsChanged: [...flags],
            message: `revision ${served.revision}`,
          });
        },
      },
    );
    this.#session = session;
    return initialization.promise;
  }

  /** Ends sync at once: sockets are destroyed, timers cleared. The last ruleset keeps answering. */
  async onClose(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#cancel();
    await session?.close();
  }

  /** Names the revision that answers now; undefined before the first. */
  get revision(): string | undefined {
    return this.#served?.revision;
  }

  /**
   * Holds the present ruleset for one request: lay the result into the transaction context (or any evaluation context),
   * and every evaluation under it answers from this revision, whatever arrives meanwhile. Attributes are untouched.
   */
  pinRevision(): EvaluationContext {
    return this.#served === undefined ? {} : { [this.#pin]: this.#served };
  }

  resolveBooleanEvaluation(
    flagKey: string,
    defaultValue: boolean,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    return this.#promise(flagKey, defaultValue, context, "boolean") as Promise<ResolutionDetails<boolean>>;
  }

  resolveStringEvaluation(
    flagKey: string,
    defaultValue: string,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<string>> {
    return this.#promise(flagKey, defaultValue, context, "string") as Promise<ResolutionDetails<string>>;
  }

  resolveNumberEvaluation(
    flagKey: string,
    defaultValue: number,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<number>> {
    return this.#promise(flagKey, defaultValue, context, "number") as Promise<ResolutionDetails<number>>;
  }

  resolveObjectEvaluation<T extends JsonValue>(
    flagKey: string,
    defaultValue: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    return this.#promise(flagKey, defaultValue, context, "object") as Promise<ResolutionDetails<T>>;
  }

  /**
   * Evaluates at once, for hot loops where the client's promises cost more than the flag.
   *
   * Answers what the client would: the same details, through the same hooks (`OpenFeature`'s own and `options.hooks`) in
   * the same order. `context` is used as it is: global, transaction and client context are not merged in. A hook that
   * answers with a promise is started and not waited for. Never throws; an error is in the details.
   */
  evaluateSync<T extends FlagValue>(
    flagKey: string,
    defaultValue: T,
    context: EvaluationContext = {},
    options: SyncEvaluationOptions = {},
  ): EvaluationDetails<T> {
    const type = typeOf(defaultValue);
    const global = OpenFeature.getHooks();
    const { hooks: own = [], transform } = options;
    if (global.length === 0 && own.length === 0) {
      const resolved = this.#resolver.resolve(this.#servedFor(context), flagKey, defaultValue, context, type);
      return finish(
        flagKey,
        transform === undefined ? resolved : transform(resolved),
      ) as EvaluationDetails<T>;
    }
    return evaluateWithHooks(
      flagKey,
      defaultValue,
      context,
      global.length === 0 ? own : [...global, ...own],
      options,
      {
        providerMetadata: this.metadata,
        logger: silent,
        resolve: (merged) => {
          const served = this.#servedFor(merged);
          const resolved = this.#resolver.resolve(served, flagKey, defaultValue, merged, type);
          return transform === undefined ? resolved : transform(resolved);
        },
      },
    );
  }

  #servedFor(context: EvaluationContext): Served | undefined {
    return (
      ((context as unknown as Readonly<Record<symbol, unknown>>)[this.#pin] as Served | undefined) ??
      this.#served
    );
  }

  #promise(
    flagKey: string,
    defaultValue: unknown,
    context: EvaluationContext,
    type: FlagValueType,
  ): Promise<ResolutionDetails<unknown>> {
    return this.#resolver.promise(this.#servedFor(context), flagKey, defaultValue, context, type);
  }

  #emit(what: Announcement, message: string): void {
    switch (what) {
      case "ready":
        return this.events.emit(ProviderEvents.Ready, { message });
      case "stale":
        return this.events.emit(ProviderEvents.Stale, { message });
      case "error":
        return this.events.emit(ProviderEvents.Error, { message });
      case "fatal": {
        // The payload's type forgets `errorCode`, by which the SDK tells FATAL from ERROR.
        const details = { message, errorCode: ErrorCode.PROVIDER_FATAL };
        return this.events.emit(ProviderEvents.Error, details);
      }
    }
  }
}
