/*
 * One link to one server: a stream when there can be one, polling when there cannot. At most one request is in flight
 * besides the open stream, by construction: every state has at most one fetch.
 *
 *              start                    opened                    behind
 *     idle ───────────► connecting ───────────────► streaming ◄──────────────► catching-up
 *       │                 ▲     │ failed, deadline      │ failed, idle  received   │     │ stream failed
 *       │ start           │     ▼                       ▼                          │     ▼
 *       │ (fetch first)   └── waiting ◄─────────────────┴──────────────────────────┘  fetching
 *       │          stream due  │  ▲                                 fetch failed        │
 *       │             poll due │  │ received, failed, deadline                          │
 *       │                      ▼  └─────────────────────────────────────────────────────┤
 *       └──────────────────► fetching ──────────────────────────────────────────────────┘
 *                                        (received while a stream is due: connecting)
 *
 *     any ── close ──► closed
 */
import { chooseDelayMs, clampRetryHintMs } from "./backoff.ts";
import { type Failure, isExtended, isStreamRefused } from "./failure.ts";
import type {
  Channel,
  LinkEffect,
  LinkEvent,
  LinkMoment,
  LinkPolicy,
  LinkState,
  LinkStateKind,
  LinkStep,
} from "./link-state.ts";

type Handler<K extends LinkEvent["kind"]> = (
  state: LinkState,
  event: Extract<LinkEvent, { kind: K }>,
  policy: LinkPolicy,
  moment: LinkMoment,
) => LinkStep;

type Row = { readonly [K in LinkEvent["kind"]]: Handler<K> };

function step(state: LinkState, ...effects: readonly LinkEffect[]): LinkStep {
  return { state, effects };
}

const ignore = (state: LinkState): LinkStep => step(state);

function failChannel(
  channel: Channel,
  failure: Failure,
  baseMs: number,
  policy: LinkPolicy,
  moment: LinkMoment,
): Channel {
  const failures = channel.failures + 1;
  const extended = channel.extended || isExtended(failure);
  const backoff = { ...policy.backoff, baseMs };
  const delayMs = chooseDelayMs(failures, extended, failure.retryAfterMs, moment.random, backoff);
  return { failures, extended, successes: 0, dueMs: moment.nowMs + delayMs };
}

/** The next regular poll: a little early rather than late, so that a fleet spreads and a grace period holds. */
function pollDueMs(policy: LinkPolicy, moment: LinkMoment, share: number = 1 - moment.random / 10): number {
  return policy.pollIntervalMs === null ? Infinity : moment.nowMs + policy.pollIntervalMs * share;
}

function wait(state: LinkState, moment: LinkMoment, ...before: readonly LinkEffect[]): LinkStep {
  const dueMs = Math.min(state.stream.dueMs, state.poll.dueMs);
  const timer: LinkEffect =
    dueMs === Infinity
      ? { kind: "clear-timer" }
      : { kind: "set-timer", delayMs: Math.max(0, dueMs - moment.nowMs) };
  return step({ ...state, kind: "waiting" }, ...before, timer);
}

function connect(state: LinkState, policy: LinkPolicy, ...before: readonly LinkEffect[]): LinkStep {
  return step(
    { ...state, kind: "connecting", again: false },
    ...before,
    { kind: "set-timer", delayMs: policy.connectMs },
    { kind: "open-stream" },
  );
}

function fetch(state: LinkState, policy: LinkPolicy): LinkStep {
  return step(
    { ...state, kind: "fetching", again: false },
    { kind: "set-timer", delayMs: policy.fetchMs },
    { kind: "fetch" },
  );
}

/** Records that the stream failed. If it had been healthy long enough, this is its first failure again. */
function loseStream(
  state: LinkState,
  failure: Failure,
  policy: LinkPolicy,
  moment: LinkMoment,
  wasOpen: boolean,
): LinkState {
  const healthy = wasOpen && moment.nowMs - state.openedMs >= policy.healthyMs;
  const before = healthy ? { ...state.stream, failures: 0, extended: false } : state.stream;
  const stream = failChannel(before, failure, state.streamBaseMs, policy, moment);
  const askAtOnce = isStreamRefused(failure) && state.poll.failures === 0 && policy.pollIntervalMs !== null;
  // Anywhere within the interval, since a whole fleet loses its streams in one moment.
  const first = pollDueMs(policy, moment, moment.random);
  const regular = Math.max(first, state.poll.failures > 0 ? state.poll.dueMs : 0);
  // A stream that keeps failing never postpones a poll that is already due at some time.
  const dueMs =
    !wasOpen && (askAtOnce || state.poll.dueMs > 0) ? Math.min(state.poll.dueMs, regular) : regular;
  return { ...state, stream, poll: { ...state.poll, dueMs }, up: false };
}

/** Two good answers end the extended regime (LaunchDarkly's RETRY rule). */
function succeedPoll(state: LinkState, policy: LinkPolicy, moment: LinkMoment): LinkState {
  const successes = state.poll.successes + 1;
  const extended = state.poll.extended && successes < 2;
  const dueMs =
    extended && policy.pollIntervalMs !== null
      ? moment.nowMs + chooseDelayMs(1, true, undefined, moment.random, policy.backoff)
      : pollDueMs(policy, moment);
  return { ...state, poll: { failures: 0, extended, successes, dueMs }, up: true };
}

function losePoll(state: LinkState, failure: Failure, policy: LinkPolicy, moment: LinkMoment): LinkState {
  const poll = failChannel(state.poll, failure, policy.backoff.baseMs, policy, moment);
  return { ...state, poll, up: false };
}

const timedOut = (what: string, ms: number): Failure => ({
  kind: "timeout",
  message: `${what} within ${ms} ms`,
});

const close = (state: LinkState): LinkStep =>
  step(
    { ...state, kind: "closed", up: false },
    { kind: "clear-timer" },
    { kind: "drop-stream" },
    { kind: "abort-fetch" },
  );

const hint: Handler<"hint"> = (state, event) =>
  step({ ...state, streamBaseMs: clampRetryHintMs(event.delayMs) });

const dropStream: LinkEffect = { kind: "drop-stream" };

const table: { readonly [S in LinkStateKind]: Row } = {
  idle: {
    start: (state, _event, policy) =>
      policy.streams && !policy.fetchFirst ? connect(state, policy) : fetch(state, policy),
    opened: ignore,
    activity: ignore,
    received: ignore,
    behind: ignore,
    "stream-failed": ignore,
    "fetch-failed": ignore,
    hint: ignore,
    timer: ignore,
    close,
  },
  connecting: {
    start: ignore,
    opened: (state, _event, policy, moment) =>
      step(
        { ...state, kind: "streaming", openedMs: moment.nowMs },
        { kind: "set-timer", delayMs: policy.idleMs },
      ),
    activity: ignore,
    received: ignore,
    behind: ignore,
    "stream-failed": (state, event, policy, moment) =>
      wait(loseStream(state, event.failure, policy, moment, false), moment, dropStream),
    "fetch-failed": ignore,
    hint,
    timer: (state, _event, policy, moment) => {
      const failure = timedOut("the stream did not open", policy.connectMs);
      return wait(loseStream(state, failure, policy, moment, false), moment, dropStream, {
        kind: "report",
        failure,
      });
    },
    close,
  },
  streaming: {
    start: ignore,
    opened: ignore,
    activity: (state, _event, policy) =>
      step(state.up ? state : { ...state, up: true }, { kind: "set-timer", delayMs: policy.idleMs }),
    received: ignore,
    behind: (state, _event, policy) =>
      step(
        { ...state, kind: "catching-up", again: false },
        { kind: "set-timer", delayMs: policy.fetchMs },
        { kind: "fetch" },
      ),
    "stream-failed": (state, event, policy, moment) =>
      wait(loseStream(state, event.failure, policy, moment, true), moment, dropStream),
    "fetch-failed": ignore,
    hint,
    timer: (state, _event, policy, moment) => {
      const failure: Failure = { kind: "idle", message: `the stream was silent for ${policy.idleMs} ms` };
      return wait(loseStream(state, failure, policy, moment, true), moment, dropStream, {
        kind: "report",
        failure,
      });
    },
    close,
  },
  "catching-up": {
    start: ignore,
    opened: ignore,
    activity: (state) => step(state.up ? state : { ...state, up: true }),
    received: (state, _event, policy, moment) => {
      const next = succeedPoll(state, policy, moment);
      return state.again
        ? step({ ...next, again: false }, { kind: "set-timer", delayMs: policy.fetchMs }, { kind: "fetch" })
        : step({ ...next, kind: "streaming" }, { kind: "set-timer", delayMs: policy.idleMs });
    },
    behind: (state) => step({ ...state, again: true }),
    "stream-failed": (state, event, policy, moment) =>
      step({ ...loseStream(state, event.failure, policy, moment, true), kind: "fetching" }, dropStream),
    // What is held is behind and stays so: only a new stream, which begins with what is missing, repairs it.
    "fetch-failed": (state, event, policy, moment) => {
      const lost = losePoll(
        loseStream(state, event.failure, policy, moment, true),
        event.failure,
        policy,
        moment,
      );
      return wait(lost, moment, dropStream);
    },
    hint,
    timer: (state, _event, policy, moment) => {
      const failure = timedOut("no whole answer", policy.fetchMs);
      const lost = losePoll(loseStream(state, failure, policy, moment, true), failure, policy, moment);
      return wait(lost, moment, { kind: "abort-fetch" }, dropStream, { kind: "report", failure });
    },
    close,
  },
  fetching: {
    start: ignore,
    opened: ignore,
    activity: ignore,
    received: (state, _event, policy, moment) => {
      const next = succeedPoll(state, policy, moment);
      if (state.again) return fetch(next, policy);
      return next.stream.dueMs <= moment.nowMs ? connect(next, policy) : wait(next, moment);
    },
    behind: (state) => step({ ...state, again: true }),
    "stream-failed": ignore,
    "fetch-failed": (state, event, policy, moment) =>
      wait(losePoll(state, event.failure, policy, moment), moment),
    hint,
    timer: (state, _event, policy, moment) => {
      const failure = timedOut("no whole answer", policy.fetchMs);
      return wait(
        losePoll(state, failure, policy, moment),
        moment,
        { kind: "abort-fetch" },
        { kind: "report", failure },
      );
    },
    close,
  },
  waiting: {
    start: ignore,
    opened: ignore,
    activity: ignore,
    received: ignore,
    behind: (state, _event, policy, moment) =>
      state.poll.failures > 0 && state.poll.dueMs > moment.nowMs ? step(state) : fetch(state, policy),
    "stream-failed": ignore,
    "fetch-failed": ignore,
    hint,
    timer: (state, _event, policy, moment) => {
      const streamDue = state.stream.dueMs <= moment.nowMs;
      if (streamDue && !policy.fetchFirst) return connect(state, policy);
      const pollDue = state.poll.dueMs <= moment.nowMs;
      // A stream that needs a fetch first waits for the fetch's own delay too.
      const mayFetch = pollDue || (streamDue && state.poll.failures === 0);
      if (mayFetch) return fetch(state, policy);
      if (!streamDue) return wait(state, moment);
      return step(state, { kind: "set-timer", delayMs: state.poll.dueMs - moment.nowMs });
    },
    close,
  },
  closed: {
    start: ignore,
    opened: ignore,
    activity: ignore,
    received: ignore,
    behind: ignore,
    "stream-failed": ignore,
    "fetch-failed": ignore,
    hint: ignore,
    timer: ignore,
    close: ignore,
  },
};

/** Moves a link: total over states and events, without time, chance or effects of its own. */
export function moveLink(
  state: LinkState,
  event: LinkEvent,
  policy: LinkPolicy,
  moment: LinkMoment,
): LinkStep {
  const handler = table[state.kind][event.kind] as Handler<LinkEvent["kind"]>;
  return handler(state, event, policy, moment);
}
