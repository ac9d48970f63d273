import {
  FlagspanProvider,
  type FlagspanProviderOptions,
  httpSource,
  type HttpSourceOptions,
} from "@flagspan/provider/server";
import { ProviderEvents } from "@openfeature/server-sdk";
import { manualClock, type ManualClock } from "./manual-clock.ts";
import type { SmallControl } from "./small-control.ts";

/** A provider under test, its clock, and what it emitted. */
export interface Followed {
  readonly provider: FlagspanProvider;
  readonly clock: ManualClock;
  readonly events: { readonly type: string; readonly flagsChanged?: readonly string[] | undefined }[];
  readonly ready: Promise<void>;
  /** The value of a boolean flag now. */
  readonly value: (flagKey: string) => boolean;
}

/** Starts a provider on a small control, with time by hand and chance in the middle. */
export function follow(
  control: SmallControl,
  source: Partial<HttpSourceOptions> = {},
  options: Partial<FlagspanProviderOptions> = {},
): Followed {
  const clock = manualClock();
  const provider = new FlagspanProvider({
    source: httpSource({ url: control.url, set: "shop", ...source }),
    instance: "instance-1",
    clock,
    random: () => 0.5,
    ...options,
  });
  const events: { type: string; flagsChanged?: readonly string[] | undefined }[] = [];
  for (const type of [ProviderEvents.Ready, ProviderEvents.Stale, ProviderEvents.Error] as const) {
    provider.events.addHandler(type, () => void events.push({ type }));
  }
  provider.events.addHandler(ProviderEvents.ConfigurationChanged, (details) => {
    const flagsChanged = details?.["flagsChanged"] as readonly string[] | undefined;
    events.push({ type: ProviderEvents.ConfigurationChanged, flagsChanged });
  });
  return {
    provider,
    clock,
    events,
    ready: provider.initialize(),
    value: (flagKey) => provider.evaluateSync(flagKey, false).value,
  };
}
