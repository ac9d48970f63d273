import type { MetricPoint } from "../types.ts";
import {
  readAttributes,
  readList,
  readNumber,
  readObject,
  readResource,
  readScope,
  readText,
  readTimeMs,
} from "./values.ts";
import type { Loose } from "./values.ts";

const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;
const temporalities = [undefined, "delta", "cumulative"] as const;

/** Reads the data points of an export request in OTLP/JSON's shape. */
export function* readMetricPoints(request: Loose): Generator<MetricPoint> {
  for (const [r, ofResource] of readList(request["resourceMetrics"], "resourceMetrics").entries()) {
    const resource = readResource(ofResource["resource"], `resourceMetrics[${r}].resource`);
    for (const [s, ofScope] of readList(
      ofResource["scopeMetrics"],
      `resourceMetrics[${r}].scopeMetrics`,
    ).entries()) {
      const at = `resourceMetrics[${r}].scopeMetrics[${s}]`;
      const scope = readScope(ofScope["scope"], `${at}.scope`);
      for (const metric of readList(ofScope["metrics"], `${at}.metrics`)) {
        const name = readText(metric["name"]) ?? "";
        const unit = readText(metric["unit"]);
        const description = readText(metric["description"]);
        for (const kind of kinds) {
          const series = readObject(metric[kind], `${at}.metrics.${kind}`);
          const temporality = temporalities[readNumber(series["aggregationTemporality"]) ?? 0];
          for (const point of readList(series["dataPoints"], `${at}.metrics.${kind}.dataPoints`)) {
            yield {
              resource,
              scope,
              name,
              ...(unit === undefined ? {} : { unit }),
              ...(description === undefined ? {} : { description }),
              kind,
              ...(temporality === undefined ? {} : { temporality }),
              ...(kind === "sum" ? { monotonic: series["isMonotonic"] === true } : {}),
              ...readPoint(point, `${at}.metrics.${kind}.dataPoints`),
            };
          }
        }
      }
    }
  }
}

function readPoint(
  point: Loose,
  where: string,
): Pick<MetricPoint, "attributes" | "timeUnixMs"> & Partial<MetricPoint> {
  const startUnixMs = readTimeMs(point["startTimeUnixNano"]);
  const value = readNumber(point["asDouble"]) ?? readNumber(point["asInt"]);
  const count = readNumber(point["count"]);
  const sum = readNumber(point["sum"]);
  const bounds = readNumbers(point["explicitBounds"]);
  const bucketCounts = readNumbers(point["bucketCounts"]);
  return {
    attributes: readAttributes(point["attributes"], `${where}.attributes`),
    ...(startUnixMs === undefined ? {} : { startUnixMs }),
    timeUnixMs: readTimeMs(point["timeUnixNano"]) ?? 0,
    ...(value === undefined ? {} : { value }),
    ...(count === undefined ? {} : { count }),
    ...(sum === undefined ? {} : { sum }),
    ...(bounds === undefined ? {} : { bounds }),
    ...(bucketCounts === undefined ? {} : { bucketCounts }),
  };
}

function readNumbers(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((element) => readNumber(element) ?? Number.NaN);
}
