import { installFolder, installNode, packPackages } from "../packed/install.ts";

/** An OpenTelemetry line with the packages and the Node it runs on. */
export interface OpenTelemetryLine {
  readonly title: string;
  readonly prepare: () => { readonly node: string; readonly folder: string };
}

const frameworks = {
  "@nestjs/common": "11.2.10",
  "@nestjs/core": "11.2.10",
  "@nestjs/platform-express": "11.2.10",
  "@openfeature/core": "1.12.0",
  "@openfeature/server-sdk": "1.23.0",
  express: "5.3.0",
  fastify: "5.12.8",
  pino: "10.4.0",
  "reflect-metadata": "0.2.2",
  rxjs: "7.8.2",
};

let packed: readonly string[] | undefined;
const telemetry = (): readonly string[] => (packed ??= packPackages(["telemetry"]));

/** Both lines that telemetry promises to work with; 3.x needs a Node that is newer than the tests' own. */
export const openTelemetryLines: readonly OpenTelemetryLine[] = [
  {
    title: "OpenTelemetry JS 2.x on this Node",
    prepare: () => ({
      node: process.execPath,
      folder: installFolder(
        "apps-otel-2",
        {
          ...frameworks,
          "@opentelemetry/api": "1.9.1",
          "@opentelemetry/auto-instrumentations-node": "0.81.2",
        },
        telemetry(),
      ),
    }),
  },
  {
    title: "OpenTelemetry JS 3.x on Node 22",
    prepare: () => ({
      node: installNode("22.23.0"),
      folder: installFolder(
        "apps-otel-3",
        {
          ...frameworks,
          "@opentelemetry/api": "1.10.0",
          "@opentelemetry/auto-instrumentations-node": "0.82.0",
        },
        telemetry(),
      ),
    }),
  },
];
