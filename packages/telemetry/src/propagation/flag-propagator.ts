import { createContextKey, propagation } from "@opentelemetry/api";
import type { Baggage, Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";

import type { DropCounts } from "../health/drop-counts.ts";
import type { FlagScope } from "../scope/flag-scope.ts";
import type { BaggageMember, IncomingFlags } from "./baggage-header.ts";
import {
  encodeFlagBaggage,
  isFlagBaggage,
  maxBaggageBytes,
  maxHeaderBytes,
  parseBaggageHeader,
  readIncomingFlags,
} from "./baggage-header.ts";
import { destinationOf, isAllowed } from "./destination.ts";

/** Whose flags are believed: nobody's (default), every caller's, or the named keys of every caller. */
export type TrustBaggage = boolean | { readonly keys: readonly string[] };

/** What the propagator is made of. */
export interface PropagatorParts {
  /** Destinations that flags are sent to: `host`, `host:port` or `*.domain`. Empty: none. */
  readonly allow: readonly string[];
  readonly trust: TrustBaggage;
  /** The most different flag keys taken from callers in the life of the process. */
  readonly maxKeys: number;
  readonly drops: DropCounts;
  readonly findScope: (ctx: Context) => FlagScope | undefined;
}

const header = "baggage";
const incomingKey = createContextKey("flagspan.telemetry.incoming");

/** What a trusted caller told, if the context comes from one. */
export function incomingFlags(ctx: Context): IncomingFlags | undefined {
  return ctx.getValue(incomingKey) as IncomingFlags | undefined;
}

/**
 * Carries flags between services in W3C baggage. It belongs last among the propagators, after the W3C baggage one, whose
 * header it adds to. On the way in it always takes flags out of the baggage, believed or not: left there, the stock
 * propagator would forward them to any host.
 */
export class FlagPropagator implements TextMapPropagator {
  readonly #parts: PropagatorParts;
  readonly #keys = new Set<string>();

  constructor(parts: PropagatorParts) {
    this.#parts = parts;
  }

  fields(): string[] {
    return [header];
  }

  inject(ctx: Context, carrier: unknown, setter: TextMapSetter): void {
    try {
      this.#inject(ctx, carrier, setter);
    } catch {
      this.#parts.drops.count("propagation_error");
    }
  }

  extract(ctx: Context, carrier: unknown, getter: TextMapGetter): Context {
    try {
      return this.#extract(ctx, carrier, getter);
    } catch {
      this.#parts.drops.count("propagation_error");
      return withoutFlags(ctx);
    }
  }

  #inject(ctx: Context, carrier: unknown, setter: TextMapSetter): void {
    const { allow, drops } = this.#parts;
    if (allow.length === 0) return;
    const scope = this.#parts.findScope(ctx);
    if (scope === undefined || scope.size === 0) return;
    const destination = destinationOf(ctx);
    if (destination === undefined) {
      drops.count("baggage_destination");
      return;
    }
    if (!isAllowed(destination, allow)) return;
    const others = writtenBaggage(ctx, carrier);
    const room = Math.min(maxBaggageBytes, maxHeaderBytes - (others === "" ? 0 : others.length + 1));
    const ours = [...scope.entries()].filter(({ source }) => source !== "claim");
    const { header: flags, dropped } = encodeFlagBaggage(ours, room);
    if (dropped > 0) drops.count("baggage_budget", dropped);
    if (flags !== "") setter.set(carrier, header, others === "" ? flags : `${others},${flags}`);
  }

  #extract(ctx: Context, carrier: unknown, getter: TextMapGetter): Context {
    const members = incomingMembers(ctx, carrier, getter).filter(({ key }) => isFlagBaggage(key));
    if (members.length === 0) return ctx;
    const stripped = withoutFlags(ctx);
    const { trust, drops } = this.#parts;
    if (trust === false) {
      drops.count("baggage_untrusted", members.length);
      return stripped;
    }
    const told = readIncomingFlags(members);
    const flags = told.flags.filter(({ key }) => this.#takes(key));
    if (flags.length < told.flags.length) drops.count("baggage_untrusted", told.flags.length - flags.length);
    return flags.length === 0 ? stripped : stripped.setValue(incomingKey, { flags, unit: told.unit });
  }

  #takes(key: string): boolean {
    const { trust, maxKeys } = this.#parts;
    if (typeof trust === "object" && !trust.keys.includes(key)) return false;
    if (this.#keys.has(key)) return true;
    if (this.#keys.size >= maxKeys) return false;
    this.#keys.add(key);
    return true;
  }
}

/** Baggage as an earlier propagator has decoded it, else as it stands in the carrier. */
function incomingMembers(ctx: Context, carrier: unknown, getter: TextMapGetter): readonly BaggageMember[] {
  const decoded = propagation.getBaggage(ctx)?.getAllEntries();
  if (decoded !== undefined && decoded.some(([key]) => isFlagBaggage(key))) {
    return decoded.map(([key, { value, metadata }]) => ({
      key,
      value,
      properties: metadata?.toString() ?? "",
    }));
  }
  const raw = getter.get(carrier, header);
  return parseBaggageHeader(Array.isArray(raw) ? raw.join(",") : (raw ?? ""));
}

function withoutFlags(ctx: Context): Context {
  const baggage: Baggage | undefined = propagation.getBaggage(ctx);
  const ours = baggage?.getAllEntries().filter(([key]) => isFlagBaggage(key)) ?? [];
  if (baggage === undefined || ours.length === 0) return ctx;
  return propagation.setBaggage(ctx, baggage.removeEntries(...ours.map(([key]) => key)));
}

/**
 * The `baggage` header that an earlier propagator has put into the carrier. A carrier is a plain object in the usual
 * instrumentations, or has `get`. Where it can be neither read nor be empty, the app's baggage is written anew, so that
 * setting the header loses none of it.
 */
function writtenBaggage(ctx: Context, carrier: unknown): string {
  if (typeof carrier === "object" && carrier !== null) {
    const { get } = carrier as { get?: unknown };
    const found: unknown =
      typeof get === "function"
        ? (get as (key: string) => unknown).call(carrier, header)
        : (carrier as Record<string, unknown>)[header];
    if (Array.isArray(found)) return found.filter((item) => item !== "").join(",");
    if (typeof found === "string") return found;
    if (typeof get !== "function") return "";
  }
  const entries = propagation.getBaggage(ctx)?.getAllEntries() ?? [];
  return entries.map(([key, { value }]) => `${key}=${encodeURIComponent(value)}`).join(",");
}
