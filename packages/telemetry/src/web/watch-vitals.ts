import { onCLS, onINP, onLCP } from "web-vitals";

/** One web vital, in the conventions' spelling of the name. */
export interface Vital {
  readonly name: "cls" | "inp" | "lcp";
  /** Milliseconds; a plain number for `cls`. */
  readonly value: number;
  readonly id: string;
  readonly rating: string;
  /** When what was measured began, in milliseconds since the page did. */
  readonly startedMs: number;
}

/** Hears of the page's vitals (each when it is final) and of the end of its load. Both may come after the page is hidden. */
export function watchVitals(
  hear: (vital: Vital) => void,
  loaded: (endMs: number) => void,
  signal: AbortSignal,
): void {
  const pass = (
    metric:
      | Parameters<Parameters<typeof onINP>[0]>[0]
      | Parameters<Parameters<typeof onLCP>[0]>[0]
      | Parameters<Parameters<typeof onCLS>[0]>[0],
  ): void => {
    if (signal.aborted) return;
    const name = metric.name.toLowerCase() as Vital["name"];
    const startedMs = metric.entries[0]?.startTime ?? 0;
    hear({ name, value: metric.value, id: metric.id, rating: metric.rating, startedMs });
  };
  onCLS(pass);
  onINP(pass);
  onLCP(pass);
  const end = (): void => {
    const [navigation] = performance.getEntriesByType("navigation");
    if (navigation instanceof PerformanceNavigationTiming && navigation.loadEventEnd > 0) {
      loaded(navigation.loadEventEnd);
    }
  };
  if (document.readyState === "complete") setTimeout(end);
  else addEventListener("load", () => setTimeout(end), { signal });
}
