import { expect, test } from "vitest";

import { fastLaneEndpoint } from "./endpoint.ts";

test.each([
  { given: "http://control:8080", env: {}, url: "http://control:8080/v1/logs" },
  { given: "http://control:8080/", env: {}, url: "http://control:8080/v1/logs" },
  { given: "https://apm.test/otlp/v1/logs", env: {}, url: "https://apm.test/otlp/v1/logs" },
  { given: undefined, env: {}, url: "http://localhost:4318/v1/logs" },
  {
    given: undefined,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" },
    url: "http://collector:4318/v1/logs",
  },
  {
    given: undefined,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://b/custom" },
    url: "http://b/custom",
  },
])("guardEndpoint $given with $env sends to $url", ({ given, env, url }) => {
  expect(fastLaneEndpoint(given, undefined, env).url).toBe(url);
});

test("headers of the OTLP variables go to their endpoint, never to the guard", () => {
  const env = {
    OTEL_EXPORTER_OTLP_HEADERS: "Api-Key=a%20b,broken",
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x=%zz",
  };
  expect(fastLaneEndpoint(undefined, undefined, env).headers).toEqual({ "api-key": "a b", x: "%zz" });
  expect(fastLaneEndpoint("http://guard", { authorization: "k" }, env).headers).toEqual({
    authorization: "k",
  });
});
