import { expect, test } from "vitest";
import { readEnvironment } from "./environment.ts";

test("an empty environment asks for the defaults", () => {
  expect(readEnvironment({ FLAGSPAN_NAMING: "", OTHER: "1" })).toEqual({ options: {}, problems: [] });
});

test("every variable becomes its option", () => {
  const { options, problems } = readEnvironment({
    FLAGSPAN_GUARD_ENDPOINT: "https://control.example",
    FLAGSPAN_GUARD_HEADERS: "Authorization=Bearer fs_1.x, x-team = shop",
    FLAGSPAN_MAX_FLAGS: "8",
    FLAGSPAN_NAMING: "packed",
    FLAGSPAN_NAMESPACE: "acme.flag",
    FLAGSPAN_BINDING: "causal",
    FLAGSPAN_EVENTS: "off",
    FLAGSPAN_BAGGAGE_ALLOW: "stock.internal, *.shop.internal",
    FLAGSPAN_TRUST_BAGGAGE: "dark-mode,checkout",
    FLAGSPAN_PUBLIC_EDGE: "true",
    FLAGSPAN_SUBJECT_SECRET: "s3cret",
  });
  expect(problems).toEqual([]);
  expect(options).toEqual({
    guardEndpoint: "https://control.example",
    guardHeaders: { authorization: "Bearer fs_1.x", "x-team": "shop" },
    maxFlags: 8,
    naming: "packed",
    namespace: "acme.flag",
    binding: "causal",
    events: "off",
    baggage: { allow: ["stock.internal", "*.shop.internal"] },
    trustBaggage: { keys: ["dark-mode", "checkout"] },
    publicEdge: true,
    subjectKey: "s3cret",
  });
});

test.each([
  { text: "true", trustBaggage: true },
  { text: "false", trustBaggage: false },
])("trust in baggage can be $text", ({ text, trustBaggage }) => {
  expect(readEnvironment({ FLAGSPAN_TRUST_BAGGAGE: text }).options).toEqual({ trustBaggage });
});

test("what makes no sense is ignored, named, and says what would", () => {
  const { options, problems } = readEnvironment({
    FLAGSPAN_MAX_FLAGS: "many",
    FLAGSPAN_NAMING: "perflag",
    FLAGSPAN_GUARD_ENDPOINT: "control:80",
    FLAGSPAN_GUARD_HEADERS: "secret-without-a-name",
  });
  expect(options).toEqual({ guardHeaders: {} });
  expect(problems).toEqual([
    'FLAGSPAN_MAX_FLAGS is ignored: "many" is no whole number from 1 to 128',
    'FLAGSPAN_NAMING is ignored: "perflag" is none of per-flag, packed, sentry',
    'FLAGSPAN_GUARD_ENDPOINT is ignored: "control:80" is no http(s) URL',
    "FLAGSPAN_GUARD_HEADERS: entry 1 is ignored, it is not name=value",
  ]);
});
