import { createControl, createKey, openMemoryStore, openSqliteStore, type Store } from "@flagspan/control";
import { checkRuleset, parseRuleset, parseRulesetText, type Ruleset } from "@flagspan/ruleset";
import { expectSoon, type Finding } from "../ask.ts";
import { listQuestions, readRulesets, type NamedRuleset, type Question } from "./cases.ts";
import { isKnownDifference } from "./known-differences.ts";
import type { Answer, Flagd, FlagdKind } from "./flagd.ts";
import { installInProcess } from "./in-process.ts";
import { answerOurs, isSame } from "./ours.ts";
import { installStock } from "./stock.ts";

/** Control, opened over some rulesets, as a flagd would sync from it. */
interface Source {
  readonly url: string;
  readonly grpcPort: number;
  readonly sets: readonly string[];
  read(set: string): Promise<Ruleset>;
  kill(set: string, flagKey: string, variant: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Syncs flagd from control, stock flagd over HTTP and flagd's in-process provider over gRPC, whichever can be had, over the ruleset that the
 * shop's story left, over one with every operator and over flagd's test rulesets (those in `conformance`), and compares each answer with
 * ours; then changes a flag and asks again.
 */
export async function askFlagd(shopStore: string, conformance: string): Promise<readonly Finding[]> {
  const kinds: FlagdKind[] = [];
  for (const installed of [await installStock(), await installInProcess()]) {
    if ("problem" in installed) console.log(`not asked: ${installed.problem}`);
    else kinds.push(installed);
  }
  const findings: Finding[] = [];
  const sources = [
    await openSource(await openSqliteStore({ path: shopStore }), []),
    await openSource(await openMemoryStore(), readRulesets(conformance)),
  ];
  for (const source of sources) {
    for (const kind of kinds)
      for (const set of source.sets) findings.push(...(await askAbout(source, kind, set)));
    await source.close();
  }
  return findings;
}

/** One flag set with one flagd; of the two rulesets that are ours a flag is killed meanwhile. */
async function askAbout(source: Source, kind: FlagdKind, set: string): Promise<readonly Finding[]> {
  const flagd = await kind.start({ url: source.url, grpcPort: source.grpcPort, set });
  const findings = [await compare(source, kind, flagd, set)];
  const victim = { "shop.prod": "new-search", "every-operator": "static" }[set];
  if (victim !== undefined) {
    const version = await source.kill(set, victim, "off");
    findings.push(
      await expectSoon(
        `${kind.name} hears of the kill of ${set}/${victim}`,
        () => new Map([[`version ${version}`, 1]]),
        async () => new Map([[`version ${version}`, (await flagd.waitFor(version)) ? 1 : 0]]),
        0,
      ),
      await compare(source, kind, flagd, set),
    );
  }
  flagd.close();
  return findings;
}

async function compare(source: Source, kind: FlagdKind, flagd: Flagd, set: string): Promise<Finding> {
  const ruleset = await source.read(set);
  const questions = listQuestions(ruleset);
  const answers = await flagd.ask(questions);
  const differences = questions.flatMap((question, index) => {
    const theirs = answers[index] as Answer;
    const ours = answerOurs(ruleset, question);
    return isSame(ours, theirs) ? [] : [{ question, theirs, ours }];
  });
  const news = differences.filter(
    ({ question }) => !kind.hasKnownDifferences || !isKnownDifference(question),
  );
  tellDifferences(news);
  const known = differences.length - news.length;
  return expectSoon(
    `${kind.name} answers ${set} as we do${known === 0 ? "" : ` (but for ${known}, see known-differences.json)`}`,
    () => new Map([["same answers", questions.length - known]]),
    async () => new Map([["same answers", questions.length - differences.length]]),
    0,
  );
}

interface Difference {
  readonly question: Question;
  readonly theirs: Answer;
  readonly ours: Answer;
}

/** Prints one difference for each flag. */
function tellDifferences(differences: readonly Difference[]): void {
  for (const flagKey of new Set(differences.map(({ question }) => question.flagKey))) {
    const [first, ...more] = differences.filter(({ question }) => question.flagKey === flagKey);
    console.log(
      `  ${flagKey} with ${JSON.stringify(first?.question.context)}, and ${more.length} more: flagd ${JSON.stringify(first?.theirs)}, ours ${JSON.stringify(first?.ours)}`,
    );
  }
}

/** A ruleset without the flags that control would refuse to store: flagd's test rulesets have some that are wrong on purpose. */
function withoutRefused({
  set,
  document,
}: NamedRuleset): NamedRuleset & { readonly left: readonly string[] } {
  const parsed = parseRuleset(document);
  const issues = parsed.ok ? [...parsed.issues, ...checkRuleset(parsed.ruleset)] : parsed.issues;
  const refused = new Set(
    issues.flatMap(({ severity, flagKey }) =>
      severity === "error" && flagKey !== undefined ? [flagKey] : [],
    ),
  );
  const { flags, ...rest } = document as { readonly flags: Readonly<Record<string, unknown>> };
  const kept = Object.fromEntries(Object.entries(flags).filter(([flagKey]) => !refused.has(flagKey)));
  return { set, document: { ...rest, flags: kept }, left: [...refused] };
}

async function openSource(store: Store, rulesets: readonly NamedRuleset[]): Promise<Source> {
  const key = await createKey(store, {
    name: "interop",
    scopes: ["admin", "write", "kill", "sync"],
    sets: ["*"],
    actorType: "automation",
  });
  // Stock providers send no key.
  const control = createControl({ store, anonymous: { scopes: ["sync"], sets: ["*"] } });
  const send = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await control.fetch(
      new Request(`http://control${path}`, {
        method,
        headers: { authorization: `Bearer ${key.token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    if (!response.ok) throw new Error(`control answered ${response.status} to ${method} ${path}: ${text}`);
    return text;
  };
  for (const ruleset of rulesets) {
    const { set, document, left } = withoutRefused(ruleset);
    if (left.length > 0)
      console.log(`  of ${set} control refuses ${left.join(", ")}, which have errors on purpose`);
    await send("PUT", `/v1/rulesets/${set}`, { ruleset: document, reason: "interop" });
  }
  const { port } = await control.listenGrpc({ port: 0 });
  const { url } = await control.listen({ port: 0 });
  return {
    url,
    grpcPort: port,
    sets: await store.rulesets.sets(),
    async read(set) {
      const parsed = parseRulesetText(await send("GET", `/v1/rulesets/${set}`));
      if (!parsed.ok) throw new Error(`control serves a ruleset that cannot be read: ${set}`);
      return parsed.ruleset;
    },
    async kill(set, flagKey, variant) {
      const told = await send("POST", `/v1/flags/${set}/${flagKey}/kill`, { reason: "interop", variant });
      return (JSON.parse(told) as { revision: string | number }).revision.toString();
    },
    async close() {
      await control.close();
      await store.close();
    },
  };
}
