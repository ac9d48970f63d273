import {
  ErrorCode,
  type EvaluationContext,
  GeneralError,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  ProviderFatalError,
  type ResolutionDetails,
} from "@openfeature/web-sdk";
import type { Announcement } from "../sync/availability.ts";
import { defaultBackoff } from "../sync/backoff.ts";
import { type Clock, systemClock, type Timer } from "../sync/clock.ts";
import { createInitialization } from "../sync/initialization.ts";
import { type Availability, runAvailability } from "../sync/run-availability.ts";
import { type Link, runLink } from "../sync/run-link.ts";
import { answerWeb } from "./answer-web.ts";
import { type Kept, type KeptAnswers, openKeptAnswers } from "./kept-answers.ts";
import { createOfrepTransport, noStream } from "./ofrep-transport.ts";
import type { WebFlag } from "./parse-bulk.ts";
import type { FlagspanWebProviderOptions } from "./web-options.ts";

type Flags = ReadonlyMap<string, WebFlag>;

/** Whoever waits for the first answer of a context. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * OpenFeature provider for browsers: the server evaluates (OFREP), a stream says when to ask again, and what was
 * answered is kept for the next visit. Evaluation is synchronous and always answers.
 */
export class FlagspanWebProvider implements Provider {
  readonly metadata: { readonly name: string } = { name: "flagspan-web" };
  readonly runsOn = "client";
  readonly events: OpenFeatureEventEmitter = new OpenFeatureEventEmitter();
  readonly #options: FlagspanWebProviderOptions;
  readonly #clock: Clock;
  #kept: KeptAnswers | undefined;
  #availability: Availability | undefined;
  #cancel: () => void = () => undefined;
  #flags: Flags | undefined;
  #cached = false;
  #context: EvaluationContext = {};
  #link: Link | undefined;
  #waiters: Waiter[] = [];
  #inactivityMs = 120_000;
  #hidden: Timer | undefined;
  /** Counts contexts: what was read for an older one is not used. */
  #turn = 0;

  constructor(options: FlagspanWebProviderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Resolves with the first answers, kept or received; rejects when there are none within `timeoutMs`, and goes on trying. */
  async initialize(context: EvaluationContext = {}, domain?: string): Promise<void> {
    await this.onClose();
    const {
      cache,
      disableNetwork,
      timeoutMs = 10_000,
      staleAfterMs,
      errorAfterMs,
      lifecycle,
    } = this.#options;
    this.#kept = openKeptAnswers(this.#options, domain, () => this.#clock.now());
    const initialization = createInitialization(
      lifecycle === "spec-0.9",
      (what, message) => this.#emit(what, message),
      createError,
    );
    this.#cancel = initialization.cancel;
    this.#context = context;
    const turn = ++this.#turn;
    const kept = await this.#read(context);
    if (turn !== this.#turn) return initialization.promise;
    const delays = { init: timeoutMs, grace: staleAfterMs ?? 5000, error: errorAfterMs ?? 300_000 };
    const availability = runAvailability(delays, this.#clock, (what) => {
      // Kept answers stand in for a server that cannot be reached; refused credentials are not covered up.
      if (what === "error" && this.#flags === undefined && kept !== undefined) {
        this.#use(kept);
        availability.send("kept");
      } else initialization.announce(what, what);
    });
    this.#availability = availability;
    if (kept !== undefined && (cache !== "network-first" || disableNetwork === true)) {
      this.#use(kept);
      availability.send("kept");
    }
    if (disableNetwork === true) {
      this.#flags ??= new Map();
      availability.send("live");
      return initialization.promise;
    }
    this.#follow(context, this.#cached ? kept?.etag : undefined);
    globalThis.document?.addEventListener("visibilitychange", this.#onVisibility);
    return initialization.promise;
  }

  /** Asks for the new context's answers; an answer for an older context never counts. Equal contexts ask nothing. */
  onContextChange(_old: EvaluationContext, context: EvaluationContext): Promise<void> | void {
    const before = this.#context;
    this.#context = context;
    if (this.#options.disableNetwork === true || JSON.stringify(before) === JSON.stringify(context))
      return undefined;
    const turn = ++this.#turn;
    this.#link?.close();
    const answered = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
    void this.#read(context).then((kept) => {
      if (turn !== this.#turn) return;
      if (
        kept !== undefined &&
        before.targetingKey !== context.targetingKey &&
        this.#options.cache !== "network-first"
      ) {
        const shown = this.#flags;
        this.#use(kept);
        this.#announceChanges(shown);
      }
      this.#follow(context, this.#cached ? kept?.etag : undefined);
    });
    return answered;
  }

  /** Ends requests, stream, timers and listeners at once. The last answers stay. */
  onClose(): Promise<void> {
    globalThis.document?.removeEventListener("visibilitychange", this.#onVisibility);
    this.#stopHiddenTimer();
    this.#turn++;
    this.#link?.close();
    this.#link = undefined;
    this.#availability?.send("close");
    this.#availability = undefined;
    this.#cancel();
    this.#settle(createError("error", "the provider was closed"));
    return Promise.resolve();
  }

  resolveBooleanEvaluation(flagKey: string, defaultValue: boolean): ResolutionDetails<boolean> {
    return answerWeb(this.#flags, this.#cached, flagKey, defaultValue);
  }

  resolveStringEvaluation(flagKey: string, defaultValue: string): ResolutionDetails<string> {
    return answerWeb(this.#flags, this.#cached, flagKey, defaultValue);
  }

  resolveNumberEvaluation(flagKey: string, defaultValue: number): ResolutionDetails<number> {
    return answerWeb(this.#flags, this.#cached, flagKey, defaultValue);
  }

  resolveObjectEvaluation<T extends JsonValue>(flagKey: string, defaultValue: T): ResolutionDetails<T> {
    return answerWeb(this.#flags, this.#cached, flagKey, defaultValue);
  }

  /** Starts the link of a context. The one before is closed first, so what it still receives is not heard. */
  #follow(context: EvaluationContext, etag?: string): void {
    this.#link?.close();
    const { pollIntervalMs = null, stream, timeoutMs = 10_000, random } = this.#options;
    const json = JSON.stringify(context);
    const transport = createOfrepTransport({
      options: this.#options,
      context: json,
      etag,
      nowMs: () => this.#clock.now(),
      confirmed: () => this.#live(this.#flags ?? new Map()),
      received: (bulk, etag) => {
        this.#inactivityMs = bulk.inactivityDelayS * 1000;
        const kept: Kept = { flags: [...bulk.flags.values()], ...(etag === undefined ? {} : { etag }) };
        void this.#kept?.write(context.targetingKey ?? "", json, kept);
        this.#live(bulk.flags);
      },
    });
    this.#link = runLink({
      policy: {
        backoff: defaultBackoff,
        streams: stream !== false,
        fetchFirst: true,
        pollIntervalMs,
        // An EventSource does not tell of heartbeats: silence means nothing here.
        idleMs: 2 ** 31 - 1,
        connectMs: 10_000,
        fetchMs: timeoutMs,
        healthyMs: 60_000,
      },
      transport,
      clock: this.#clock,
      random: random ?? Math.random,
      observer: {
        link: (up) => {
          if (up) this.#availability?.send("link-good");
        },
        failure: (failure, channel) => {
          if (failure === noStream) return;
          const refused = failure.status === 401 || failure.status === 403;
          if (refused && this.#flags === undefined) this.#availability?.send("refused");
          this.#availability?.send("link-lost");
          if (channel === "poll") this.#fail(failure.message);
        },
      },
    });
  }

  /** The context's own answers are here. */
  #live(flags: Flags): void {
    const before = this.#flags;
    this.#flags = flags;
    this.#cached = false;
    this.#availability?.send("live");
    this.#settle();
    this.#announceChanges(before);
  }

  /** Nobody waiting for another user's answers is left with those of the one before. */
  #fail(message: string): void {
    if (this.#waiters.length === 0) return;
    if (!this.#cached) this.#flags = undefined;
    this.#settle(createError("error", message));
  }

  #settle(error?: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (error === undefined) waiter.resolve();
      else waiter.reject(error);
    }
  }

  async #read(context: EvaluationContext): Promise<Kept | undefined> {
    return this.#kept?.read(context.targetingKey ?? "", JSON.stringify(context));
  }

  #use(kept: Kept): void {
    this.#flags = new Map(kept.flags.map((flag) => [flag.key, flag]));
    this.#cached = true;
  }

  #announceChanges(before: Flags | undefined): void {
    const after = this.#flags ?? new Map<string, WebFlag>();
    if (before === undefined || before === after) return;
    const flagsChanged = [...new Set([...before.keys(), ...after.keys()])].filter(
      (key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)),
    );
    if (flagsChanged.length > 0) this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged });
  }

  #emit(what: Announcement, message: string): void {
    if (what === "ready") this.events.emit(ProviderEvents.Ready, { message });
    else if (what === "stale") this.events.emit(ProviderEvents.Stale, { message });
    else {
      // The payload's type forgets `errorCode`, by which the SDK tells FATAL from ERROR.
      const code = what === "fatal" ? { errorCode: ErrorCode.PROVIDER_FATAL } : {};
      this.events.emit(ProviderEvents.Error, { message, ...code });
    }
  }

  #stopHiddenTimer(): void {
    if (this.#hidden !== undefined) this.#clock.clearTimeout(this.#hidden);
    this.#hidden = undefined;
  }

  /** A page that is shown asks again; one that stays hidden gives its stream back (OFREP ADR-0008). */
  readonly #onVisibility = (): void => {
    this.#stopHiddenTimer();
    if (document.visibilityState === "hidden") {
      this.#hidden = this.#clock.setTimeout(() => {
        this.#link?.close();
        this.#link = undefined;
      }, this.#inactivityMs);
    } else if (this.#link === undefined) this.#follow(this.#context);
    else this.#link.refresh();
  };
}

function createError(what: Announcement, message: string): Error {
  return what === "fatal" ? new ProviderFatalError(message) : new GeneralError(message);
}
