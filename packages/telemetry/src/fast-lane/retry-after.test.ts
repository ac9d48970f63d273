import { expect, test } from "vitest";

import { readRetryAfterMs } from "./retry-after.ts";

const nowMs = Date.parse("2026-11-21T10:00:00Z");

test.each([
  { header: "0", waitMs: 0 },
  { header: "7", waitMs: 7_000 },
  { header: " 120 ", waitMs: 120_000 },
  { header: "99999999999999999999", waitMs: 600_000 },
  { header: "Sat, 21 Nov 2026 10:00:30 GMT", waitMs: 30_000 },
  { header: "Saturday, 21-Nov-26 10:00:30 GMT", waitMs: 30_000 },
  { header: "Sat, 21 Nov 2026 09:00:00 GMT", waitMs: 0 },
  { header: "Sat, 21 Nov 2037 10:00:00 GMT", waitMs: 600_000 },
  { header: "", waitMs: undefined },
  { header: null, waitMs: undefined },
  { header: undefined, waitMs: undefined },
  { header: "-5", waitMs: undefined },
  { header: "1.5", waitMs: undefined },
  { header: "soon", waitMs: undefined },
  { header: "Never, 99 Foo 2026 99:99:99 GMT", waitMs: undefined },
  { header: "2026-11-21T10:00:30Z", waitMs: undefined },
])("Retry-After $header means $waitMs ms", ({ header, waitMs }) => {
  expect(readRetryAfterMs(header, nowMs)).toBe(waitMs);
});
