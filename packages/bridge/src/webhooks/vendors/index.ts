import type { Vendor } from "../vendor.ts";
import { alertmanager } from "./alertmanager.ts";
import { configcat } from "./configcat.ts";
import { datadog } from "./datadog.ts";
import { dynatrace } from "./dynatrace.ts";
import { flagsmith } from "./flagsmith.ts";
import { generic } from "./generic.ts";
import { growthbook } from "./growthbook.ts";
import { launchdarkly } from "./launchdarkly.ts";
import { split } from "./split.ts";
import { unleash } from "./unleash.ts";

/** Every vendor by the name in its route, `/hooks/<name>`: a new one is one line here. */
export const vendors: ReadonlyMap<string, Vendor> = new Map([
  ["launchdarkly", launchdarkly],
  ["flagsmith", flagsmith],
  ["split", split],
  ["unleash", unleash],
  ["growthbook", growthbook],
  ["configcat", configcat],
  ["generic", generic],
  ["alertmanager", alertmanager],
  ["datadog", datadog],
  ["dynatrace", dynatrace],
]);
