import { installFolder, installNode, packPackages } from "../packed/install.ts";
import type { Dependencies } from "../packed/install.ts";

/** A release of the SDK, the Node it runs on, and what an app must know to use it. */
export interface SdkLine {
  readonly title: string;
  readonly node: () => string;
  readonly env: Readonly<Record<string, string>>;
  readonly packages: Dependencies;
}

const openFeature = { "@openfeature/core": "1.12.0", "@openfeature/server-sdk": "1.23.0" };
/** Both lines of OpenTelemetry JS, from the first release that is supported, as SDKs that are set up by hand. */
export const sdkLines: readonly SdkLine[] = [
  {
    title: "the first 2.x (api 1.9.0, SDK 2.0.0, logs 0.200)",
    node: () => process.execPath,
    env: { OTEL_LINE: "2", OTEL_OLD_LOGS: "1" },
    packages: {
      "@opentelemetry/api": "1.9.0",
      "@opentelemetry/api-logs": "0.200.0",
      "@opentelemetry/context-async-hooks": "2.0.0",
      "@opentelemetry/sdk-logs": "0.200.0",
      "@opentelemetry/sdk-metrics": "2.0.0",
      "@opentelemetry/sdk-trace-base": "2.0.0",
    },
  },
  {
    title: "the last 2.x (api 1.9.1, SDK 2.12, logs 0.223)",
    node: () => process.execPath,
    env: { OTEL_LINE: "2" },
    packages: {
      "@opentelemetry/api": "1.9.1",
      "@opentelemetry/api-logs": "0.223.1",
      "@opentelemetry/context-async-hooks": "2.12.0",
      "@opentelemetry/sdk-logs": "0.223.1",
      "@opentelemetry/sdk-metrics": "2.12.1",
      "@opentelemetry/sdk-trace-base": "2.12.1",
    },
  },
  {
    title: "3.x (api 1.10.0, SDK 3.1.1) on Node 22",
    node: () => installNode("22.23.0"),
    env: { OTEL_LINE: "3" },
    packages: {
      "@opentelemetry/api": "1.10.0",
      "@opentelemetry/context-async-hooks": "3.1.1",
      "@opentelemetry/sdk-logs": "3.1.1",
      "@opentelemetry/sdk-metrics": "3.1.1",
      "@opentelemetry/sdk-trace": "3.1.1",
    },
  },
];

/** Installs a line beside the packed telemetry, and answers where. */
export function prepareSdkLine({ node, packages }: SdkLine): {
  readonly node: string;
  readonly folder: string;
} {
  const name = `hand-made-${packages["@opentelemetry/context-async-hooks"] ?? ""}`;
  const folder = installFolder(name, { ...openFeature, ...packages }, packPackages(["telemetry"]));
  return { node: node(), folder };
}
