import { deepStrictEqual, ok } from "node:assert";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { FlagspanProvider } from "@flagspan/provider/server";
import { type EventDetails, type ProviderEvents, ServerProviderEvents } from "@openfeature/server-sdk";
import { until } from "../../provider/until.ts";
import { readJson, type Suite } from "../suite.ts";
import { clientSteps, ClientWorld } from "./client-world.ts";
import { readScenarios, type WorldSteps } from "./read-pickles.ts";
import {
  createFileLaunchpad,
  createServerLaunchpad,
  type Launchpad,
  type TestbedDocument,
} from "./testbed-launchpad.ts";

/** The suite's seconds are tenths here, in its outages and in the provider's delays alike. */
const secondMs = 100;

const eventNames: Readonly<Record<string, ProviderEvents>> = {
  ready: ServerProviderEvents.Ready,
  error: ServerProviderEvents.Error,
  stale: ServerProviderEvents.Stale,
  change: ServerProviderEvents.ConfigurationChanged,
};

class TestbedWorld extends ClientWorld {
  readonly launchpad: Launchpad;
  readonly #documents: ReadonlyMap<string, TestbedDocument>;
  readonly settings = new Map<string, string>();
  readonly #fired: { name: string; details: EventDetails | undefined }[] = [];
  last: EventDetails | undefined;
  #outage: Promise<void> = Promise.resolve();

  constructor(launchpad: Launchpad, documents: ReadonlyMap<string, TestbedDocument>) {
    super();
    this.launchpad = launchpad;
    this.#documents = documents;
  }

  async start(state: string): Promise<void> {
    const selector = this.settings.get("selector");
    const raw =
      selector?.startsWith("rawflags/") === true ? this.#documents.get(basename(selector)) : undefined;
    const document = raw ?? this.#allFlags();
    const known = state === "unavailable" || state === "forbidden" ? state : "stable";
    const source = await this.launchpad.start(known, document);
    const provider = new FlagspanProvider({
      source,
      initTimeoutMs: Number(this.settings.get("deadlineMs") ?? 10_000),
      staleAfterMs: 0.2 * secondMs,
      errorAfterMs: 1.3 * secondMs,
    });
    if (known === "stable") await this.useAndWait(provider);
    else this.use(provider);
  }

  /** The suite's launchpad merges all files but those that selectors name. */
  #allFlags(): TestbedDocument {
    const files = [...this.#documents]
      .filter(([file]) => !file.startsWith("selector"))
      .map(([, document]) => document);
    return {
      flags: Object.assign({}, ...files.map((file) => file.flags)) as TestbedDocument["flags"],
      $evaluators: Object.assign({}, ...files.map((file) => file.$evaluators ?? {})) as object as Record<
        string,
        unknown
      >,
    };
  }

  listen(name: string): void {
    this.client.addHandler(eventNames[name] ?? ServerProviderEvents.Ready, (details) => {
      this.#fired.push({ name, details });
    });
  }

  /** Waits for an event of this name, and forgets it and what came before it. */
  async expect(name: string): Promise<void> {
    await until(`${name} was fired`, () => this.#fired.some((event) => event.name === name));
    const index = this.#fired.findIndex((event) => event.name === name);
    this.last = this.#fired[index]?.details;
    this.#fired.splice(0, index + 1);
  }

  /** Takes the connection away; the scenario goes on meanwhile. */
  lose(seconds: number): void {
    this.#outage = this.launchpad.lose(seconds * secondMs);
  }

  override async close(): Promise<void> {
    await this.#outage;
    await super.close();
    await this.launchpad.stop();
  }
}

const steps: WorldSteps<TestbedWorld> = [
  [
    /^an option "(.*)" of type ".*" with value "(.*)"$/,
    (world, [name = "", value = ""]) => void world.settings.set(name, value),
  ],
  [/^an? (\w+) flagd provider$/, (world, [state = ""]) => world.start(state)],
  [/^an? (\w+) event handler$/, (world, [name = ""]) => world.listen(name)],
  [/^an? (\w+) event was fired$/, (world, [name = ""]) => world.expect(name)],
  [
    /^the (\w+) event handler should have been executed(?: within \d+ms)?$/,
    (world, [name = ""]) => world.expect(name),
  ],
  [/^the connection is lost for (\d+)s$/, (world, [seconds = ""]) => world.lose(Number(seconds))],
  [/^the flag was modified$/, (world) => world.launchpad.change(world.flag.key)],
  [
    /^the flag should be part of the event payload$/,
    (world) =>
      ok(
        ((world.last as { flagsChanged?: readonly string[] } | undefined)?.flagsChanged ?? []).includes(
          world.flag.key,
        ),
      ),
  ],
  [
    /^the client should be in fatal state$/,
    (world) => deepStrictEqual<string>(world.client.providerStatus, "FATAL"),
  ],
  ...(clientSteps as unknown as WorldSteps<TestbedWorld>),
];

function createSuite(mode: "in-process" | "file", createLaunchpad: () => Launchpad): Suite {
  return {
    name: `flagd-testbed/provider-${mode}`,
    read(folder) {
      const root = join(folder, "flagd-testbed");
      const gherkin = join(root, "gherkin");
      const flags = join(root, "flags");
      if (!existsSync(gherkin) || !existsSync(flags)) return undefined;
      const documents = new Map(
        readdirSync(flags)
          .filter((file) => file.endsWith(".json"))
          .sort()
          .map((file) => [file, readJson(join(flags, file)) as TestbedDocument]),
      );
      const features = readdirSync(gherkin).filter(
        (file) => file.endsWith(".feature") && file !== "targeting.feature",
      );
      const cases = readScenarios(
        features.sort().map((file) => join(gherkin, file)),
        steps,
        () => new TestbedWorld(createLaunchpad(), documents),
      );
      return cases.filter((test) => test.groups.includes(`@${mode}`));
    },
  };
}

/** The provider scenarios tagged `@in-process`, following a server; `targeting.feature` has a suite of its own. */
export const testbedProviderInProcess: Suite = createSuite("in-process", createServerLaunchpad);

/** The provider scenarios tagged `@file`, following a file. */
export const testbedProviderFile: Suite = createSuite("file", createFileLaunchpad);
