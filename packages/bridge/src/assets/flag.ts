/** A flag as the generators need it. */
export interface AssetFlag {
  readonly key: string;
  readonly flagSetId: string;
  /** Every variant whose outcomes are compared; the arms of a rollout, where there is one. */
  readonly variants: readonly string[];
  /** Of a rollout: what new users get, and what they are compared with. */
  readonly treatment?: string;
  readonly control?: string;
}

/** A generated file; the path is relative to the folder that the user named. */
export interface AssetFile {
  readonly path: string;
  readonly text: string;
}

/** A flag's key as part of a file name or an identifier: what is no letter, digit, `_`, `.` or `-` becomes `-`. */
export function fileName(flagKey: string): string {
  return flagKey.replaceAll(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[.-]+/, "") || "flag";
}
