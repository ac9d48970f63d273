import { createHash } from "node:crypto";

import { describeChange, summarizeFlag } from "@flagspan/ruleset/change";

import { reachesSet } from "../keys/key.ts";
import type { Principal } from "../keys/key.ts";
import type { LiveSet } from "../ruleset/live-set.ts";
import type { AuditEntry } from "../store/store.ts";
import type { Reply } from "./reply.ts";
import type { Services } from "./services.ts";

const SHOWN_CHANGES = 40;

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2430;--soft:#667085;--line:#e4e7ec;--paper:#fbfbfa;--card:#fff;--on:#1f7a4d;--off:#98a2b3;--kill:#b42318;--bar:#3b6fb6;--bar2:#d7e3f4}
@media (prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#98a2b3;--line:#2c3442;--paper:#12161d;--card:#181d26;--on:#5fd39a;--off:#667085;--kill:#ff8a7a;--bar:#7fb0f5;--bar2:#263650}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 ui-sans-serif,system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.35rem;font-weight:650;margin:0 0 .2rem;letter-spacing:-.01em}
h2{font-size:1.02rem;font-weight:620;margin:2.4rem 0 .6rem}
p,small{color:var(--soft)}p{margin:.2rem 0}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line);border-radius:.6rem;overflow:hidden}
th,td{text-align:left;padding:.55rem .8rem;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;font-size:.78rem;font-weight:560;color:var(--soft)}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
.state{white-space:nowrap}.state::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;margin-right:.45rem;background:var(--off)}
.on::before{background:var(--on)}.killed{color:var(--kill);font-weight:600}.killed::before{background:var(--kill)}
meter{width:7rem;height:.55rem;vertical-align:middle}
ol{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
li{padding:.6rem .8rem;border-top:1px solid var(--line);display:grid;grid-template-columns:13rem 1fr;gap:.2rem 1rem}
li:first-child{border-top:0}time{color:var(--soft);font-variant-numeric:tabular-nums}
@media (max-width:40rem){li{grid-template-columns:1fr}th:nth-child(4),td:nth-child(4){display:none}}
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** The page at `/`: flags of each set and the last changes, as plain HTML that needs no script. */
export async function renderPage(services: Services, principal: Principal | undefined): Promise<Reply> {
  const names = (await services.store.rulesets.sets()).filter(
    (set) => principal === undefined || reachesSet(principal, set),
  );
  const sets = await Promise.all(names.map((set) => services.library.get(set)));
  const entries = await services.store.audit.list({ limit: SHOWN_CHANGES * 5, newest: true });
  const changes = entries
    .filter((entry) => principal === undefined || reachesSet(principal, entry.change.flagSetId))
    .slice(-SHOWN_CHANGES)
    .toReversed();
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Flagspan</title>',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<style>${STYLE}</style></head><body><main><h1>Flagspan</h1>`,
    `<p>${services.ledger.sets().length === 0 ? "No provider has connected yet." : "Flags as they are served now, and what changed them."}</p>`,
    ...sets.map((live) => (live === undefined ? "" : renderSet(live))),
    sets.length === 0
      ? "<h2>No flag set yet</h2><p>Import a ruleset or write a first flag, then reload.</p>"
      : "",
    `<h2>Changes</h2>${renderChanges(changes)}</main></body></html>`,
  ].join("");
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
    body: html,
  };
}

function renderSet(live: LiveSet): string {
  const byKey = [...live.ruleset.flags].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const rows = byKey.map(([key, flag]) => {
    const { state, defaultVariant, percentages, segments } = summarizeFlag(flag, live.ruleset.evaluators);
    const kill = live.kills.get(key);
    const look =
      kill?.latched === true
        ? '<span class="state killed">killed</span>'
        : `<span class="state ${state === "ENABLED" ? "on" : ""}">${state === "ENABLED" ? "enabled" : "disabled"}</span>`;
    const shares = Object.entries(percentages ?? {}).map(
      ([variant, share]) =>
        `<div><meter min="0" max="100" value="${escape(String(share))}"></meter> ${escape(variant)} ${escape(formatShare(share))}</div>`,
    );
    const segmentText = (segments ?? []).map((segment) => `<code>${escape(segment)}</code>`).join(", ");
    const owner = flag.metadata?.["owner"];
    return `<tr><td><code>${escape(key)}</code>${owner === undefined ? "" : `<br><small>${escape(String(owner))}</small>`}</td><td>${look}</td><td>${shares.join("") || `<code>${escape(state === "DISABLED" ? "code default" : (defaultVariant ?? "code default"))}</code>`}</td><td>${segmentText}</td></tr>`;
  });
  return `<h2>${escape(live.set)}</h2><p>revision ${live.revision}</p><table><thead><tr><th>Flag</th><th>State</th><th>Serves</th><th>Segments</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function renderChanges(entries: readonly AuditEntry[]): string {
  if (entries.length === 0) return "<p>Nothing has changed yet.</p>";
  const items = entries.map(({ change }) => {
    const when = change.occurredAt;
    const shown = when.replace("T", " ").replace(/\.\d+Z$/, " UTC");
    return `<li><time datetime="${escape(when)}">${escape(shown)}</time><span>${escape(describeChange(change))}</span></li>`;
  });
  return `<ol>${items.join("")}</ol>`;
}

function formatShare(share: number): string {
  return `${Number(share.toFixed(2))} %`;
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
