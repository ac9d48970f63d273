import { existsSync, readFileSync } from "node:fs";

/** The two evaluators, which must give the same answers. */
export type Form = "interpreted" | "compiled";

/** One row of a suite. */
export interface Case {
  /** Unique within the suite and stable: exclusions name it. */
  readonly name: string;
  /** Names that an exclusion may use instead of the case's own: its file, its tags, the operators it needs. */
  readonly groups: readonly string[];
  /** What went wrong, or undefined. */
  check(form: Form): string | undefined | Promise<string | undefined>;
}

/** A public suite, known by where its files lie. */
export interface Suite {
  readonly name: string;
  /** Its cases in a folder of suites; undefined if it is not there. */
  read(folder: string): readonly Case[] | undefined;
}

/** One thing that is left out, and why. */
export interface Exclusion {
  /** A case's name, or a group's. */
  readonly scenario: string;
  readonly reason: string;
  /** Where the suite's owners say so. */
  readonly link?: string;
}

/** The JSON in a file; undefined if there is no such file. */
export function readJson(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}
