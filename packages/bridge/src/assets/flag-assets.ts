import { flagDashboard } from "./dashboard.ts";
import { datadogMonitor } from "./datadog-monitor.ts";
import type { AssetFile, AssetFlag } from "./flag.ts";
import { flagRules } from "./prometheus-rules.ts";
import { flagRunbook } from "./runbook.ts";

/**
 * Writes everything an on-call engineer opens for a flag: Grafana dashboard, Prometheus rules, Datadog monitor, runbook with queries.
 * The same flag gives the same bytes, so the files can be kept in git and compared. `runbookBase` is the URL or folder that
 * `runbook_url` starts with; `runbooks` by default.
 */
export function flagAssets(flag: AssetFlag, runbookBase?: string): readonly AssetFile[] {
  return [flagDashboard(flag), flagRules(flag, runbookBase), datadogMonitor(flag), flagRunbook(flag)];
}
