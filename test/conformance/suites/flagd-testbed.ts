import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { AstBuilder, compile, GherkinClassicTokenMatcher, Parser } from "@cucumber/gherkin";
import { IdGenerator, type Pickle } from "@cucumber/messages";
import { mergeRulesets, parseRuleset, type Ruleset } from "@flagspan/ruleset";
import { type Case, readJson, type Suite } from "../suite.ts";
import { runSteps } from "./flagd-testbed-steps.ts";

/** flagd's pure evaluator scenarios. */
export const testbedEvaluator: Suite = {
  name: "flagd-testbed/evaluator",
  read(folder) {
    const root = join(folder, "flagd-testbed", "evaluator");
    const features = featuresIn(join(root, "gherkin"));
    return features && scenarios(features, readRulesets([join(root, "flags", "testkit-flags.json")]));
  },
};

/** The provider scenarios that are about targeting alone. */
export const testbedTargeting: Suite = {
  name: "flagd-testbed/targeting",
  read(folder) {
    const root = join(folder, "flagd-testbed");
    const feature = join(root, "gherkin", "targeting.feature");
    const flags = join(root, "flags");
    if (!existsSync(feature) || !existsSync(flags)) return undefined;
    const files = readdirSync(flags).filter((file) => file.endsWith(".json") && !file.startsWith("selector"));
    return scenarios([feature], readRulesets(files.sort().map((file) => join(flags, file))));
  },
};

function featuresIn(folder: string): readonly string[] | undefined {
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .filter((file) => file.endsWith(".feature"))
    .sort()
    .map((file) => join(folder, file));
}

function readRulesets(files: readonly string[]): Ruleset {
  return mergeRulesets(
    files.map((file) => {
      const result = parseRuleset(readJson(file));
      if (!result.ok) throw new Error(`${file}: ${result.issues[0]?.message ?? "not a ruleset"}`);
      return result.ruleset;
    }),
  );
}

function scenarios(features: readonly string[], ruleset: Ruleset): readonly Case[] {
  const counts = new Map<string, number>();
  return features.flatMap((feature) =>
    pickles(feature).map((pickle) => {
      const title = `${basename(feature)}: ${pickle.name}`;
      const count = (counts.get(title) ?? 0) + 1;
      counts.set(title, count);
      return {
        name: `${title} #${count}`,
        groups: [basename(feature), ...pickle.tags.map((tag) => tag.name)],
        check: (form) => runSteps(pickle.steps, ruleset, form),
      } satisfies Case;
    }),
  );
}

function pickles(feature: string): readonly Pickle[] {
  const newId = IdGenerator.incrementing();
  const parser = new Parser(new AstBuilder(newId), new GherkinClassicTokenMatcher());
  return compile(parser.parse(readFileSync(feature, "utf8")), feature, newId);
}
