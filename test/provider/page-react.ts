import { FlagspanWebProvider } from "@flagspan/provider/web";
import { OpenFeature, OpenFeatureProvider, useBooleanFlagDetails } from "@openfeature/react-sdk";
import { createElement, Suspense, type ReactElement } from "react";
import { createRoot } from "react-dom/client";

/** What the test hands to the page, and what the page remembers for it. */
interface PageWindow {
  readonly settings: { readonly url: string; readonly key: string };
  readonly shown: string[];
  readonly setUser: (targetingKey: string) => Promise<void>;
}

const page = globalThis as unknown as { -readonly [Name in keyof PageWindow]: PageWindow[Name] };
page.shown = [];
page.setUser = (targetingKey) => OpenFeature.setContext({ targetingKey });

function show(text: string): ReactElement {
  if (page.shown.at(-1) !== text) page.shown.push(text);
  return createElement("p", { id: "shown" }, text);
}

function Banner(): ReactElement {
  const { value, reason } = useBooleanFlagDetails("dark-mode", false, { suspend: true });
  return show(`${value ? "dark" : "light"} ${reason}`);
}

function Loading(): ReactElement {
  return show("loading");
}

await OpenFeature.setContext({ targetingKey: "user-1" });
OpenFeature.setProvider(new FlagspanWebProvider({ ...page.settings }));
createRoot(document.body).render(
  createElement(
    OpenFeatureProvider,
    null,
    createElement(Suspense, { fallback: createElement(Loading) }, createElement(Banner)),
  ),
);
