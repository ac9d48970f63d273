/*
 * What the application is told about freshness. One machine for server and web; OpenFeature's events are its output.
 *
 *                  live                      link lost              grace over             error delay over
 *     starting ───────────► ready ◄──────────────────────► grace ──────────────► stale ──────────────► error
 *       │   │ kept                link good                 ▲  │                   │                     │
 *       │   └───────────────────────────────────────────────┘  │ live, link good   │ live, link good     │
 *       │ deadline, refused                                    ▼                   ▼                     ▼
 *       └──────► unavailable ── live ──► ready               ready ◄───────────────┴─────────────────────┘
 *
 * `kept` is a ruleset from disk: it answers at once, and is believed fresh only until the grace period is over.
 */

export type AvailabilityKind = "starting" | "unavailable" | "ready" | "grace" | "stale" | "error" | "closed";

export type AvailabilityEvent =
  /** A good ruleset was kept from an earlier life. */
  | "kept"
  /** A good ruleset came from its source. */
  | "live"
  | "link-good"
  | "link-lost"
  /** The credentials were refused before anything was received. */
  | "refused"
  | "timer"
  | "close";

/** What is told to the application. */
export type Announcement = "ready" | "stale" | "error" | "fatal";

/** The timer is replaced on every transition that carries one; `none` stops it, absent keeps it. */
export interface AvailabilityStep {
  readonly next: AvailabilityKind;
  readonly announce?: Announcement;
  readonly timer?: "init" | "grace" | "error" | "none";
}

type Row = { readonly [E in AvailabilityEvent]: AvailabilityStep };

const stay = (next: AvailabilityKind): AvailabilityStep => ({ next });
const closed: AvailabilityStep = { next: "closed", timer: "none" };
const becomeReady: AvailabilityStep = { next: "ready", announce: "ready", timer: "none" };

/** Every state and every event. */
export const availabilityTable: { readonly [S in AvailabilityKind]: Row } = {
  starting: {
    kept: { next: "grace", announce: "ready", timer: "grace" },
    live: becomeReady,
    "link-good": stay("starting"),
    "link-lost": stay("starting"),
    refused: { next: "unavailable", announce: "fatal", timer: "none" },
    timer: { next: "unavailable", announce: "error", timer: "none" },
    close: closed,
  },
  unavailable: {
    kept: { next: "grace", announce: "ready", timer: "grace" },
    live: becomeReady,
    "link-good": stay("unavailable"),
    "link-lost": stay("unavailable"),
    refused: stay("unavailable"),
    timer: stay("unavailable"),
    close: closed,
  },
  ready: {
    kept: stay("ready"),
    live: stay("ready"),
    "link-good": stay("ready"),
    "link-lost": { next: "grace", timer: "grace" },
    refused: stay("ready"),
    timer: stay("ready"),
    close: closed,
  },
  grace: {
    kept: stay("grace"),
    live: { next: "ready", timer: "none" },
    "link-good": { next: "ready", timer: "none" },
    "link-lost": stay("grace"),
    refused: stay("grace"),
    timer: { next: "stale", announce: "stale", timer: "error" },
    close: closed,
  },
  stale: {
    kept: stay("stale"),
    live: becomeReady,
    "link-good": becomeReady,
    "link-lost": stay("stale"),
    refused: stay("stale"),
    timer: { next: "error", announce: "error", timer: "none" },
    close: closed,
  },
  error: {
    kept: stay("error"),
    live: becomeReady,
    "link-good": becomeReady,
    "link-lost": stay("error"),
    refused: stay("error"),
    timer: stay("error"),
    close: closed,
  },
  closed: {
    kept: stay("closed"),
    live: stay("closed"),
    "link-good": stay("closed"),
    "link-lost": stay("closed"),
    refused: stay("closed"),
    timer: stay("closed"),
    close: stay("closed"),
  },
};
