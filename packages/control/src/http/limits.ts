/** Bounds on what comes in. All have defaults; a deployment tunes what it must. */
export interface Limits {
  /** Bytes of a JSON body. Default 1 MiB. */
  readonly bodyBytes: number;
  /** Bytes of an imported ruleset. Default 8 MiB. */
  readonly rulesetBytes: number;
  /** Bytes of an OTLP body. Default 4 MiB. */
  readonly otlpBytes: number;
  /** Nesting of JSON. Default 64. */
  readonly jsonDepth: number;
  /** Bytes of all request headers together. Default 16 KiB. */
  readonly headerBytes: number;
  /** Requests a second per key and address, with twice as many at once. Default 5000. */
  readonly ratePerSecond: number;
  /** Refused credentials, and requests without any, a second per address. Default 20. */
  readonly strangerRatePerSecond: number;
  /** Streams held at once. Default 20 000. */
  readonly streams: number;
  /** New streams a second; more are told to come back a little later. Default 2000. */
  readonly streamConnectsPerSecond: number;
  /** Bytes waiting for one slow stream before it is dropped. Default 1 MiB, and never less than one snapshot. */
  readonly streamQueueBytes: number;
}

/** The limits that hold where nothing else is said. */
export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 1 << 20,
  rulesetBytes: 8 << 20,
  otlpBytes: 4 << 20,
  jsonDepth: 64,
  headerBytes: 16 << 10,
  ratePerSecond: 5000,
  strangerRatePerSecond: 20,
  streams: 20_000,
  streamConnectsPerSecond: 2000,
  streamQueueBytes: 1 << 20,
};
