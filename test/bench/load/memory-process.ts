import { parseRulesetText } from "@flagspan/ruleset";
import { createDocument } from "./document.ts";

/** Which side loads how many flags in this process. */
export interface MemoryOrder {
  readonly side: "ours" | "JSON.parse";
  readonly flags: number;
}

const MB = 1024 * 1024;
const { side, flags } = JSON.parse(process.argv[2] ?? "{}") as MemoryOrder;
const text = createDocument(flags);
globalThis.gc?.();
const before = process.memoryUsage().heapUsed;
const loaded: unknown = side === "ours" ? parseRulesetText(text) : JSON.parse(text);
globalThis.gc?.();
const retained = (process.memoryUsage().heapUsed - before) / MB;
const peak = process.resourceUsage().maxRSS / 1024;
process.send?.({ retained, peak, isLoaded: loaded !== undefined }, () => process.disconnect());
