import { mkdtempSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileSource, httpSource, type Source } from "@flagspan/provider/server";
import { answerStatus, SmallControl } from "../../provider/small-control.ts";

type Flags = Record<string, Readonly<Record<string, unknown>>>;

/** A flagd document of the suite. */
export interface TestbedDocument {
  readonly flags: Flags;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly $evaluators?: Readonly<Record<string, unknown>>;
}

/** What stands in for the suite's launchpad: it starts a truth to follow, takes it away for a while, and changes it. */
export interface Launchpad {
  start(state: "stable" | "unavailable" | "forbidden", document: TestbedDocument): Promise<Source>;
  lose(ms: number): Promise<void>;
  change(flagKey: string): Promise<void>;
  stop(): Promise<void>;
}

/** Gives a flag its other variant. */
function turn(flags: Flags, flagKey: string): Readonly<Record<string, unknown>> {
  const flag = flags[flagKey] ?? {};
  const variants = Object.keys(flag["variants"] as object);
  return { ...flag, defaultVariant: variants.find((variant) => variant !== flag["defaultVariant"]) };
}

/** For the tag `@in-process`: a server of the sync protocol. */
export function createServerLaunchpad(): Launchpad {
  let control = new SmallControl();
  return {
    start: async (state, document) => {
      control = new SmallControl({ ...document.flags });
      control.extra = document;
      await control.listen();
      const { url } = control;
      if (state === "unavailable") await control.close();
      if (state === "forbidden") control.always.stream = answerStatus(403);
      return httpSource({ url, set: "testbed", backoff: { baseMs: 20, capMs: 40 }, pollIntervalMs: 50 });
    },
    lose: async (ms) => {
      const { port } = control;
      await control.close();
      await new Promise((resolve) => setTimeout(resolve, ms));
      const { flags, revision, extra } = control;
      control = new SmallControl(flags);
      control.revision = revision;
      control.extra = extra;
      await control.listen(port);
    },
    change: (flagKey) => {
      control.set(flagKey, turn(control.flags, flagKey));
      return Promise.resolve();
    },
    stop: () => control.close(),
  };
}

/** For the tag `@file`: a file, which is lost by being moved away. */
export function createFileLaunchpad(): Launchpad {
  const folder = mkdtempSync(join(tmpdir(), "flagspan-testbed-"));
  const path = join(folder, "flags.json");
  let document: TestbedDocument = { flags: {} };
  return {
    start: async (state, given) => {
      document = given;
      if (state === "stable") await writeFile(path, JSON.stringify(document));
      return fileSource(path, { pollIntervalMs: 20 });
    },
    lose: async (ms) => {
      await rename(path, `${path}.away`);
      await new Promise((resolve) => setTimeout(resolve, ms));
      await rename(`${path}.away`, path);
    },
    change: async (flagKey) => {
      document = { ...document, flags: { ...document.flags, [flagKey]: turn(document.flags, flagKey) } };
      await writeFile(path, JSON.stringify(document));
    },
    stop: () => rm(folder, { recursive: true }),
  };
}
