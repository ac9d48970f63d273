import { flagAttributePrefix } from "../naming/tag-naming.ts";
import { cleanText } from "../privacy/clean-text.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import { rankOf } from "../scope/flag-entry.ts";
import { selectEntries } from "../naming/select-entries.ts";

/** The most flags sent to another service. */
export const maxBaggageFlags = 8;
/** The most bytes they take in the `baggage` header, the unit included. */
export const maxBaggageBytes = 512;
/** What W3C baggage lets a whole header have. */
export const maxHeaderBytes = 8192;

/** The baggage key of the unit. */
export const unitBaggageKey = "feature_flag.context.id";

/** One flag as a caller told it. */
export interface IncomingFlag {
  readonly key: string;
  readonly variant: string;
  readonly rollout?: {
    readonly rolloutId: string;
    readonly stage: string;
    readonly arm: "treatment" | "control";
  };
}

/** What a caller told about its flags. */
export interface IncomingFlags {
  readonly flags: readonly IncomingFlag[];
  readonly unit?: string | undefined;
}

/** One member of a baggage header, decoded as far as it concerns us. */
export interface BaggageMember {
  readonly key: string;
  readonly value: string;
  readonly properties: string;
}

/** RFC 9110 §5.6.2 token: what W3C baggage allows as a key. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;

/** Whether a baggage key is one of ours, to be taken only from whom we trust. */
export function isFlagBaggage(key: string): boolean {
  return key.startsWith(flagAttributePrefix) || key === unitBaggageKey;
}

/** What was written, and what did not fit. */
export interface EncodedBaggage {
  readonly header: string;
  readonly dropped: number;
}

/**
 * Writes flags as baggage members: watched first, then dynamic, then constant ones; at most 8 and at most `maxBytes`.
 * A watched flag says its arm as `;rollout=<id>/<stage>/<arm>`, as long as it was evaluated for the one unit that
 * travels. A key that is no RFC 9110 token is left out.
 */
export function encodeFlagBaggage(entries: Iterable<FlagEntry>, maxBytes: number): EncodedBaggage {
  const all = [...entries];
  const named = all.filter((entry) => token.test(entry.key));
  const selected = [...selectEntries(named, maxBaggageFlags)].sort((a, b) => rankOf(b) - rankOf(a));
  const unit = selected.find((entry) => entry.watch !== undefined && entry.unit !== undefined)?.unit;
  const members: string[] = [];
  let left = maxBytes;
  const add = (member: string): boolean => {
    const cost = member.length + (members.length > 0 ? 1 : 0);
    if (cost > left) return false;
    members.push(member);
    left -= cost;
    return true;
  };
  const carriesUnit = unit !== undefined && add(`${unitBaggageKey}=${encodeValue(unit)}`);
  const before = members.length;
  for (const entry of selected) add(encodeMember(entry, carriesUnit ? unit : undefined));
  return { header: members.join(","), dropped: all.length - (members.length - before) };
}

function encodeMember(entry: FlagEntry, unit: string | undefined): string {
  const member = `${flagAttributePrefix}${entry.key}=${encodeValue(entry.variant)}`;
  const { watch } = entry;
  if (watch === undefined || entry.unit !== unit) return member;
  return `${member};rollout=${encodeValue(watch.rolloutId)}/${encodeValue(watch.stage)}/${watch.arm}`;
}

/** Percent-encoding of everything outside the unreserved set; a lone surrogate becomes the replacement character. */
function encodeValue(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));
}

/** Splits a `baggage` header into members, leaving out what cannot be read (W3C Baggage §3.2). */
export function parseBaggageHeader(header: string): readonly BaggageMember[] {
  if (header.length > maxHeaderBytes) return [];
  return header.split(",").flatMap((text) => {
    const semicolon = text.indexOf(";");
    const pair = semicolon < 0 ? text : text.slice(0, semicolon);
    const equals = pair.indexOf("=");
    if (equals < 1) return [];
    const value = decodeValue(pair.slice(equals + 1).trim());
    const key = pair.slice(0, equals).trim();
    return value === undefined
      ? []
      : [{ key, value, properties: semicolon < 0 ? "" : text.slice(semicolon + 1) }];
  });
}

/** Reads the flags among baggage members: at most 64, cleaned. */
export function readIncomingFlags(members: readonly BaggageMember[]): IncomingFlags {
  const flags: IncomingFlag[] = [];
  let unit: string | undefined;
  for (const { key, value, properties } of members) {
    if (key === unitBaggageKey) unit = cleanText(value, 128);
    if (!key.startsWith(flagAttributePrefix) || flags.length >= 64) continue;
    const flagKey = cleanText(key.slice(flagAttributePrefix.length));
    if (flagKey === "" || value === "") continue;
    const rollout = readRolloutProperty(properties);
    flags.push({ key: flagKey, variant: cleanText(value), ...(rollout === undefined ? {} : { rollout }) });
  }
  return { flags, unit: unit === "" ? undefined : unit };
}

function readRolloutProperty(properties: string): IncomingFlag["rollout"] {
  const property = properties
    .split(";")
    .map((text) => text.trim())
    .find((text) => text.startsWith("rollout="));
  const [id, stage, arm, ...rest] = property?.slice("rollout=".length).split("/") ?? [];
  if (id === undefined || stage === undefined || rest.length > 0) return undefined;
  if (arm !== "treatment" && arm !== "control") return undefined;
  const rolloutId = cleanText(decodeValue(id) ?? "");
  const stageName = cleanText(decodeValue(stage) ?? "");
  return rolloutId === "" || stageName === "" ? undefined : { rolloutId, stage: stageName, arm };
}

function decodeValue(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
