import {
  type Announcement,
  type AvailabilityEvent,
  type AvailabilityKind,
  availabilityTable,
} from "./availability.ts";
import type { Clock, Timer } from "./clock.ts";

/** Delays in milliseconds; `Infinity` never fires. */
export interface AvailabilityDelays {
  /** From the start until initialising has failed. */
  readonly init: number;
  /** From losing the link until STALE. */
  readonly grace: number;
  /** From STALE until ERROR. */
  readonly error: number;
}

/** A running availability machine. */
export interface Availability {
  readonly state: AvailabilityKind;
  send(event: AvailabilityEvent): void;
}

/** Starts the machine and its init deadline; `announce` is called in order, never while closed. */
export function runAvailability(
  delays: AvailabilityDelays,
  clock: Clock,
  announce: (what: Announcement) => void,
): Availability {
  let state: AvailabilityKind = "starting";
  let timer: Timer | undefined;

  const arm = (which: keyof AvailabilityDelays | "none"): void => {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
    if (which === "none" || delays[which] === Infinity) return;
    timer = clock.setTimeout(() => send("timer"), delays[which]);
  };

  function send(event: AvailabilityEvent): void {
    const step = availabilityTable[state][event];
    state = step.next;
    if (step.timer !== undefined) arm(step.timer);
    if (step.announce !== undefined) announce(step.announce);
  }

  arm("init");
  return {
    get state() {
      return state;
    },
    send,
  };
}
