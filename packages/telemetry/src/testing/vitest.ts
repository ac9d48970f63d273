/** For vitest's `setupFiles`: registers the flag matchers and tells TypeScript of them. */
import { expect } from "vitest";
import { flagMatchers } from "./flag-matchers.ts";

expect.extend({ ...flagMatchers });

declare module "vitest" {
  interface Matchers<T> {
    /** Passes if a span or log record (of a list: each one) carries the flag, with the variant where one is named. */
    toCarryFlag(key: string, variant?: string): T;
  }
}
