import { fileName, type AssetFile, type AssetFlag } from "./flag.ts";
import { flagExpressions } from "./metrics.ts";
import { flagQueries } from "./queries.ts";

/** Writes a flag's runbook: what to look at, what to paste, and how to turn it off. */
export function flagRunbook(flag: AssetFlag): AssetFile {
  const variants = flag.treatment === undefined ? flag.variants : [flag.treatment];
  const sections = variants.map((variant) => {
    const queries = flagQueries(flag.key, variant);
    return [
      `## Variant \`${variant}\``,
      "",
      ...snippet("TraceQL (Tempo)", queries.traceql),
      ...snippet("LogQL (Loki)", queries.logql),
      ...snippet("PromQL", queries.promql),
      ...snippet("Datadog", queries.datadog),
      ...snippet("DQL (Dynatrace)", queries.dql),
    ].join("\n");
  });
  const text = [
    `# Runbook: flag \`${flag.key}\` of \`${flag.flagSetId}\``,
    "",
    "1. Compare the variants: one that fails while its sibling does not is the flag's doing; both failing is something else.",
    ...snippet("Error ratio by variant", flagExpressions(flag.key, "5m").errorRatio),
    "2. Ask when it began, and put that beside the last change.",
    ...snippet("Changes", `flagspan changes --set ${flag.flagSetId} --flag ${flag.key}`),
    "3. Turn it off: everybody gets the control variant, until it is restored.",
    ...snippet("Kill", `flagspan flag kill ${flag.flagSetId} ${flag.key} --reason "what you saw"`),
    "4. Errors of users who still had the old variant may trail in for some seconds; the dashboard shows the slowest process.",
    "",
    ...sections,
    "",
  ].join("\n");
  return { path: `runbooks/${fileName(flag.key)}.md`, text: text.replace(/\n+$/, "\n") };
}

function snippet(title: string, code: string): readonly string[] {
  return ["", `${title}:`, "", "```text", code, "```", ""];
}
