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
import { answerWeb, type Shown } from "./answer-web.ts";
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
  #shown: Shown | undefined;
  /** Kept answers of the present context, for when the server fails. */
  #standIn: Kept | undefined;
  #context: EvaluationContext = {};
  #link: Link | undefined;
  #waiters: Waiter[] = [];
  /** A context change failed, for which the SDK shows ERROR: the answers, when they come, are READY. */
  #owesReady = false;
  #inactivityMs = 120_000;
  #hidden: Timer | undefined;
  /** Counts contexts: what was read for an older one is not used. */
  #turn = 0;

  constructor(options: FlagspanWebProviderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Resolves with the first answers, kept or received; rejects when there are none within `timeoutMs`, and goes on trying. */
  initialize(context: EvaluationContext = {}, domain?: string): Promise<void> {
    // Not waited for: whoever closes or changes the context in the meantime would be passed by.
    void this.onClose();
    const { timeoutMs = 10_000, staleAfterMs, errorAfterMs } = this.#options;
    this.#kept = openKeptAnswers(this.#options, domain, this.#clock);
    const initialization = createInitialization(
      this.#emitsOwn,
      (what, message) => this.#emit(what, message),
      createError,
    );
    this.#cancel = initialization.cancel;
    // A little longer than a fetch, so that one that hangs has been given up, and what is kept stands in.
    const init = timeoutMs + 500;
    this.#availability = runAvailability(
      { init, grace: staleAfterMs ?? 5000, error: errorAfterMs ?? 300_000 },
      this.#clock,
      (what) => initialization.announce(what, what),
    );
    globalThis.document?.addEventListener("visibilitychange", this.#onVisibility);
    this.#shown = undefined;
    void this.#turnTo(context);
    return initialization.promise;
  }

  /** Asks for the new context's answers; an answer for an older context never counts. Equal contexts ask nothing. */
  onContextChange(_old: EvaluationContext, context: EvaluationContext): Promise<void> | void {
    if (this.#isOwn() && JSON.stringify(this.#context) === JSON.stringify(context)) return undefined;
    if (this.#emitsOwn) this.events.emit(ProviderEvents.Reconciling, {});
    const answered = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
    void this.#turnTo(context);
    return answered;
  }

  /** Turns to a context: what is kept for it counts at once where it may, then the server is asked. */
  async #turnTo(context: EvaluationContext): Promise<void> {
    const turn = ++this.#turn;
    this.#context = context;
    this.#link?.close();
    const kept = await this.#kept?.read(context);
    if (turn !== this.#turn) return;
    this.#standIn = kept;
    const { cache, disableNetwork } = this.#options;
    if (kept !== undefined && !this.#isOwn() && (cache !== "network-first" || disableNetwork === true))
      this.#show("kept", kept.flags, kept);
    this.#follow(context, this.#shown?.kept === kept ? kept?.etag : undefined);
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
    return answerWeb(this.#shown, flagKey, defaultValue);
  }

  resolveStringEvaluation(flagKey: string, defaultValue: string): ResolutionDetails<string> {
    return answerWeb(this.#shown, flagKey, defaultValue);
  }

  resolveNumberEvaluation(flagKey: string, defaultValue: number): ResolutionDetails<number> {
    return answerWeb(this.#shown, flagKey, defaultValue);
  }

  resolveObjectEvaluation<T extends JsonValue>(flagKey: string, defaultValue: T): ResolutionDetails<T> {
    return answerWeb(this.#shown, flagKey, defaultValue);
  }

  /** Starts the link of a context. The one before is closed first, so what it still receives is not heard. */
  #follow(context: EvaluationContext, etag?: string): void {
    if (this.#options.disableNetwork === true) {
      if (!this.#isOwn()) this.#live(new Map());
      this.#settle();
      return;
    }
    this.#link?.close();
    const { pollIntervalMs = null, stream, timeoutMs = 10_000, random } = this.#options;
    const transport = createOfrepTransport({
      options: this.#options,
      context: JSON.stringify(context),
      etag,
      clock: this.#clock,
      confirmed: () => this.#live(this.#shown?.flags ?? new Map()),
      received: (bulk, etag) => {
        this.#inactivityMs = bulk.inactivityDelayS * 1000;
        void this.#kept?.write(context, { flags: bulk.flags, etag });
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
          if (refused && this.#shown === undefined) this.#availability?.send("refused");
          this.#availability?.send("link-lost");
          if (channel === "poll") this.#fail(failure.message, refused);
        },
      },
    });
  }

  /** The context's own answers are here. */
  #live(flags: Flags): void {
    this.#show("live", flags);
    this.#settle();
    if (this.#owesReady) this.#emit("ready", "ready");
  }

  /** Nobody is left with the answers of the user before; kept answers of their own stand in, unless credentials were refused. */
  #fail(message: string, refused: boolean): void {
    if (!this.#isOwn()) this.#shown = undefined;
    const kept = this.#standIn;
    if (this.#shown === undefined && kept !== undefined && !refused) this.#show("kept", kept.flags, kept);
    this.#settle(this.#shown?.kept === undefined || refused ? createError("error", message) : undefined);
  }

  #settle(error?: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    if (waiters.length === 0) return;
    this.#owesReady = error !== undefined;
    if (this.#emitsOwn) {
      if (error !== undefined) this.#emit("error", error.message);
      // The SDK of today emits this one itself, so its type of what a provider emits leaves it out.
      else this.events.emit(ProviderEvents.ContextChanged as ProviderEvents.Ready, {});
    }
    for (const waiter of waiters) {
      if (error === undefined) waiter.resolve();
      else waiter.reject(error);
    }
  }

  /** Whether what is shown was answered for the present user. */
  #isOwn(): boolean {
    return this.#shown !== undefined && this.#shown.user === this.#context.targetingKey;
  }

  #show(event: "live" | "kept", after: Flags, kept?: Kept): void {
    const before = this.#shown?.flags ?? after;
    this.#shown = { flags: after, user: this.#context.targetingKey, kept };
    this.#availability?.send(event);
    const flagsChanged = [...new Set([...before.keys(), ...after.keys()])].filter(
      (key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)),
    );
    if (flagsChanged.length > 0) this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged });
  }

  get #emitsOwn(): boolean {
    return this.#options.lifecycle === "spec-0.9";
  }

  #emit(what: Announcement, message: string): void {
    if (what === "ready") this.#owesReady = false;
    // The payload's type forgets `errorCode`, by which the SDK tells FATAL from ERROR.
    const code = what === "fatal" ? { errorCode: ErrorCode.PROVIDER_FATAL } : {};
    this.events.emit(eventOf[what], { message, ...code });
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

const eventOf: Readonly<
  Record<Announcement, ProviderEvents.Ready | ProviderEvents.Stale | ProviderEvents.Error>
> = {
  ready: ProviderEvents.Ready,
  stale: ProviderEvents.Stale,
  error: ProviderEvents.Error,
  fatal: ProviderEvents.Error,
};

function createError(what: Announcement, message: string): Error {
  return what === "fatal" ? new ProviderFatalError(message) : new GeneralError(message);
}
