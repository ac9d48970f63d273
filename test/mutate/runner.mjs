import { createContext, Script } from "node:vm";
import { join } from "node:path";
import { build } from "esbuild";

/*
 * Runs the evaluator's tests for `npm run mutate`. A mutant costs a new realm and the tests that reach it, some 30 ms:
 * with a test runner's worker for each it costs half a second, and the two thousand of them most of an hour.
 */

/**
 * The quick ones first: what they kill, the slow ones need not be asked about. The hostile ones are left out: each spends
 * an evaluation's whole budget, which two thousand times over is an hour.
 */
const testFiles = [
  // Before all: what it asks of the readers' places, it asks of a realm where nothing was compiled yet.
  "compile/attribute-readers",
  "compile/plain-version",
  "compile/hash-prefix",
  "compile/variable",
  "compile/strings",
  "compile/in",
  "compile/logic",
  "compile/compile",
  "compile/comparison",
  "compile/sem-ver",
  "compile/evaluate-compiled",
  "compile/fractional",
  "evaluate/coerce",
  "evaluate/version",
  "evaluate/read-context",
  "evaluate/run",
  "evaluate/operators/comparison",
  "evaluate/operators/lists",
  "evaluate/operators/loops",
  "evaluate/operators",
  "evaluate/evaluate",
  "explain",
  "evaluate/fractional",
];

/** The tests, and the mutants they were built with, as one script. */
async function bundle() {
  const harness = join(process.cwd(), "test/mutate/harness.mjs");
  const sources = testFiles.map((name) => join(process.cwd(), `packages/ruleset/src/${name}.test.ts`));
  const imports = sources.map((path) => `import ${JSON.stringify(path)};`);
  const { outputFiles } = await build({
    stdin: {
      contents: [...imports, `export { tests } from ${JSON.stringify(harness)};`].join("\n"),
      resolveDir: process.cwd(),
    },
    alias: { vitest: harness },
    bundle: true,
    // The package says that its files have no side effects; those of its tests are all that matters.
    ignoreAnnotations: true,
    write: false,
    format: "iife",
    globalName: "suite",
    platform: "browser",
    target: "node20",
    tsconfigRaw: "{}",
    logLevel: "silent",
  });
  return new Script(outputFiles[0].text);
}

class EvaluatorTestRunner {
  #script;

  async init() {
    this.#script = await bundle();
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun() {
    const realm = this.#load({});
    const tests = [];
    for (const test of realm.tests) {
      realm.stryker.currentTestId = test.id;
      tests.push(await attempt(test));
      realm.stryker.currentTestId = undefined;
    }
    return { status: "complete", tests, mutantCoverage: realm.stryker.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }) {
    const mutant = {
      activeMutant: activeMutant.id,
      hitCount: hitLimit === undefined ? undefined : 0,
      hitLimit,
    };
    const isStatic = mutantActivation === "static";
    const chosen = testFilter && new Set(testFilter);
    let nrOfTests = 0;
    let stryker = mutant;
    try {
      const realm = this.#load(isStatic ? mutant : {});
      Object.assign(realm.stryker, mutant);
      stryker = realm.stryker;
      for (const test of realm.tests) {
        if (chosen !== undefined && !chosen.has(test.id)) continue;
        nrOfTests++;
        const { status, failureMessage } = await attempt(test);
        if (stryker.hitCount > hitLimit) return { status: "timeout", reason: "hit limit" };
        if (status === 1) return { status: "killed", killedBy: [test.id], failureMessage, nrOfTests };
      }
    } catch (error) {
      // The mutant does not even load.
      const all = testFilter ?? ["loading"];
      return { status: "killed", killedBy: all.slice(0, 1), failureMessage: String(error), nrOfTests: 1 };
    }
    return { status: "survived", nrOfTests };
  }

  /** Every mutant gets a realm of its own: nothing that another left behind can decide. */
  #load(stryker) {
    const env = { FLAGSPAN_EVALUATOR: "both" };
    // chai wants the last two to be there.
    const given = { console, setTimeout, clearTimeout, EventTarget, Event };
    const realm = createContext({ ...given, process: { env }, __stryker__: stryker });
    this.#script.runInContext(realm);
    return { tests: realm.suite.tests, stryker };
  }
}

/** Runs one test; 0 is success, 1 failure, as Stryker counts. */
async function attempt({ id, run }) {
  const start = performance.now();
  const result = (status) => ({ id, name: id, status, timeSpentMs: performance.now() - start });
  try {
    await run();
    return result(0);
  } catch (error) {
    return { ...result(1), failureMessage: String(error) };
  }
}

export const strykerPlugins = [
  { kind: "TestRunner", name: "evaluator", injectableClass: EvaluatorTestRunner },
];
