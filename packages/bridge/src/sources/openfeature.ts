import { createHash } from "node:crypto";
import type { FlagChange } from "@flagspan/ruleset/change";

/** The details of `PROVIDER_CONFIGURATION_CHANGED`, as every OpenFeature SDK hands them to a handler. */
export interface ConfigurationChange {
  readonly flagsChanged?: readonly string[];
  readonly providerName?: string;
  readonly domain?: string;
  readonly message?: string;
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** An OpenFeature API or client, as far as it is needed here. */
export interface ConfigurationEvents {
  addHandler(event: "PROVIDER_CONFIGURATION_CHANGED", handler: (details?: ConfigurationChange) => void): void;
  removeHandler(
    event: "PROVIDER_CONFIGURATION_CHANGED",
    handler: (details?: ConfigurationChange) => void,
  ): void;
}

/** Where changes seen through OpenFeature go. */
export interface OpenFeatureSourceOptions {
  readonly events: ConfigurationEvents;
  readonly flagSetId: string;
  /** Called with the changes of one event; it has to keep them. */
  readonly onChanges: (changes: readonly FlagChange[]) => void;
  readonly clock?: { readonly now: () => number };
}

/**
 * Listens to any OpenFeature provider that says which flags have changed; returns how to stop. OpenFeature tells neither who nor what, so
 * the action is `updated` and the actor the provider. Every process that listens tells the change: the id is that of provider, flag and
 * version (`metadata.version`), or, without a version, of the second in which it was seen.
 */
export function watchOpenFeature(options: OpenFeatureSourceOptions): () => void {
  const { events, flagSetId, onChanges, clock = { now: () => Date.now() } } = options;
  const handler = (details?: ConfigurationChange): void => {
    const nowMs = clock.now();
    const provider = details?.providerName ?? "openfeature";
    const version = details?.metadata?.["version"];
    const revision = version === undefined ? undefined : String(version);
    const seen = revision ?? String(Math.floor(nowMs / 1000));
    const changes = [...new Set(details?.flagsChanged)].map((flagKey): FlagChange => {
      const basis = JSON.stringify([provider, details?.domain ?? "", flagSetId, flagKey, seen]);
      return {
        id: `openfeature:${createHash("sha256").update(basis).digest("hex").slice(0, 32)}`,
        occurredAt: new Date(nowMs).toISOString(),
        source: "openfeature",
        flagSetId,
        flagKey,
        action: "updated",
        actor: { id: provider, type: "system" },
        ...(details?.message === undefined ? {} : { reason: details.message }),
        ...(revision === undefined ? {} : { revision }),
      };
    });
    if (changes.length > 0) onChanges(changes);
  };
  events.addHandler("PROVIDER_CONFIGURATION_CHANGED", handler);
  return () => events.removeHandler("PROVIDER_CONFIGURATION_CHANGED", handler);
}
