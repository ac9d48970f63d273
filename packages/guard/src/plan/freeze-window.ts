/** A weekly span in which no stage starts, in minutes of the local week from Monday 00:00; it may wrap over Sunday night. */
export interface FreezeWindow {
  readonly text: string;
  readonly timeZone: string;
  readonly fromMinute: number;
  readonly toMinute: number;
}

const days: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const pattern = /^(\w{3}) (\d{2}):(\d{2}) - (\w{3}) (\d{2}):(\d{2}) ([A-Za-z0-9_+\-/]+)$/;

/**
 * Reads `"Fri 16:00 - Mon 08:00 Europe/Berlin"`: two English weekdays with local times and an IANA time zone. Anything else is undefined.
 */
export function parseFreezeWindow(text: string): FreezeWindow | undefined {
  const match = pattern.exec(text.trim().replace(/\s+/g, " "));
  if (match === null) return undefined;
  const [
    ,
    fromDay = "",
    fromHour = "",
    fromMinute = "",
    toDay = "",
    toHour = "",
    toMinute = "",
    timeZone = "",
  ] = match;
  const from = minuteOfWeek(days.indexOf(fromDay.toLowerCase()), Number(fromHour), Number(fromMinute));
  const to = minuteOfWeek(days.indexOf(toDay.toLowerCase()), Number(toHour), Number(toMinute));
  if (from === undefined || to === undefined || from === to || !isTimeZone(timeZone)) return undefined;
  return { text, timeZone, fromMinute: from, toMinute: to };
}

/** Returns whether `nowMs` falls into the window on the wall clocks of its time zone, summer time included; the end is exclusive. */
export function isFrozen(window: FreezeWindow, nowMs: number): boolean {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: window.timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(nowMs);
  const part = (type: string): string => parts.find((entry) => entry.type === type)?.value ?? "";
  const minute =
    minuteOfWeek(days.indexOf(part("weekday").toLowerCase()), Number(part("hour")), Number(part("minute"))) ??
    0;
  return window.fromMinute < window.toMinute
    ? minute >= window.fromMinute && minute < window.toMinute
    : minute >= window.fromMinute || minute < window.toMinute;
}

function minuteOfWeek(day: number, hour: number, minute: number): number | undefined {
  if (day < 0 || hour > 23 || minute > 59) return undefined;
  return (day * 24 + hour) * 60 + minute;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
