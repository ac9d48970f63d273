import { type FSWatcher, watch } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Timer } from "../sync/clock.ts";
import type { Failure } from "../sync/failure.ts";
import { createRulesetGate } from "./ruleset-gate.ts";
import type { OpenSource, Source, SourceEnvironment, SourceListener } from "./source.ts";

/** Options of `fileSource`. */
export interface FileSourceOptions {
  /** Milliseconds between looks at the file, for file systems whose watching is not reliable; default 1,000. */
  readonly pollIntervalMs?: number;
  readonly flagSetId?: string;
  /** Largest file in bytes; default 32 MiB. */
  readonly maxBytes?: number;
}

const settleMs = 20;

/**
 * Creates a source from a flagd JSON file (YAML is refused by a message that says how to convert it). It is watched and, as editors replace files and network disks do not tell,
 * looked at every second too. The file is the truth: going back to an older version of it is a change like any other.
 * A file that cannot be read or parsed changes nothing; the link counts as lost until it can.
 */
export function fileSource(path: string, options: FileSourceOptions = {}): Source {
  function open(listener: SourceListener, { clock }: SourceEnvironment): OpenSource {
    const gate = createRulesetGate(false);
    const maxBytes = options.maxBytes ?? 32 * 1024 * 1024;
    let seen = "";
    let up: boolean | undefined;
    let closed = false;
    let reading = false;
    let watcher: FSWatcher | undefined;
    let settle: Timer | undefined;
    let next: Timer | undefined;

    function report(good: boolean): void {
      if (up !== good) listener.link(good);
      up = good;
    }

    function fail(failure: Failure): void {
      listener.failure(failure);
      report(false);
    }

    async function read(): Promise<void> {
      const { mtimeMs, size, ino } = await stat(path);
      const mark = `${ino}:${size}:${mtimeMs}`;
      if (mark === seen) return;
      if (size > maxBytes) {
        seen = mark;
        return fail({ kind: "too-large", message: `${path} exceeds ${maxBytes} bytes` });
      }
      const text = await readFile(path, "utf8");
      if (closed) return;
      const verdict = gate.offerText(text, {});
      seen = mark;
      if (verdict.kind === "invalid")
        return fail({ kind: "invalid-data", message: `${path}: ${verdict.reason}${hintAt(path)}` });
      if (verdict.kind === "taken") {
        const { ruleset, revision } = verdict.held;
        const { flagSetId } = options;
        const layer = { ruleset, revision, ...(flagSetId === undefined ? {} : { flagSetId }) };
        listener.update({ layers: [layer], kept: false, changes: [] });
      }
      report(true);
    }

    async function look(): Promise<void> {
      if (reading || closed) return;
      reading = true;
      try {
        await read();
      } catch (error) {
        seen = "";
        const message = error instanceof Error ? error.message : String(error);
        if (!closed) fail({ kind: "network", message });
      } finally {
        reading = false;
      }
    }

    function cycle(): void {
      void look().finally(() => {
        if (closed) return;
        arm();
        next = clock.setTimeout(cycle, options.pollIntervalMs ?? 1000);
      });
    }

    // The directory is watched, since a replaced file takes its own watch away. What the watch misses, the cycle sees.
    function arm(): void {
      if (watcher !== undefined) return;
      try {
        watcher = watch(dirname(path), (_event, name) => {
          if (name !== null && name !== basename(path)) return;
          settle ??= clock.setTimeout(() => {
            settle = undefined;
            void look();
          }, settleMs);
        });
        watcher.on("error", disarm);
      } catch {
        watcher = undefined;
      }
    }

    function disarm(): void {
      watcher?.close();
      watcher = undefined;
    }

    cycle();
    return {
      applied: () => undefined,
      close: () => {
        closed = true;
        disarm();
        if (settle !== undefined) clock.clearTimeout(settle);
        if (next !== undefined) clock.clearTimeout(next);
        return Promise.resolve();
      },
    };
  }

  return { name: `file ${path}`, open };
}

/** YAML is for people; a process that serves reads what it was converted to (and checked as: `flagspan check`). */
function hintAt(path: string): string {
  if (!/\.ya?ml$/iu.test(path)) return "";
  const target = path.replace(/\.ya?ml$/iu, ".json");
  return `. YAML is not read here: convert it with "npx yaml --json --single < ${path} > ${target}", check it with "flagspan check ${target}", and name ${target}`;
}
