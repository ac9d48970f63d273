import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { AstBuilder, compile, GherkinClassicTokenMatcher, Parser } from "@cucumber/gherkin";
import { IdGenerator, type Pickle, type PickleStep } from "@cucumber/messages";
import type { Case } from "../suite.ts";

/** A scenario's step: what it does with the scenario's world. It fails by throwing. */
export type WorldStep<World> = (
  world: World,
  args: readonly string[],
  step: PickleStep,
) => void | Promise<void>;

/** Phrases and what they do. */
export type WorldSteps<World> = readonly (readonly [RegExp, WorldStep<World>])[];

/** The scenarios of feature files as cases. Each is played once, on a world of its own that is closed afterwards. */
export function readScenarios<World extends { close(): Promise<void> }>(
  features: readonly string[],
  steps: WorldSteps<World>,
  createWorld: (tags: readonly string[]) => World,
): readonly Case[] {
  const counts = new Map<string, number>();
  return features.flatMap((feature) =>
    pickles(feature).map((pickle): Case => {
      const title = `${basename(feature)}: ${pickle.name}`;
      const count = (counts.get(title) ?? 0) + 1;
      counts.set(title, count);
      const tags = pickle.tags.map((tag) => tag.name);
      return {
        name: `${title} #${count}`,
        groups: [basename(feature), ...tags],
        // A provider has one evaluator, the compiled one.
        check: (form) => (form === "compiled" ? play(pickle.steps, steps, createWorld(tags)) : undefined),
      };
    }),
  );
}

async function play<World extends { close(): Promise<void> }>(
  scenario: readonly PickleStep[],
  steps: WorldSteps<World>,
  world: World,
): Promise<string | undefined> {
  try {
    for (const step of scenario) {
      const found = steps.find(([phrase]) => phrase.test(step.text));
      if (found === undefined) return `no such step: ${step.text}`;
      try {
        await found[1](world, found[0].exec(step.text)?.slice(1) ?? [], step);
      } catch (error) {
        return `${step.text}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    return undefined;
  } finally {
    await world.close();
  }
}

function pickles(feature: string): readonly Pickle[] {
  const newId = IdGenerator.incrementing();
  const parser = new Parser(new AstBuilder(newId), new GherkinClassicTokenMatcher());
  return compile(parser.parse(readFileSync(feature, "utf8")), feature, newId);
}
