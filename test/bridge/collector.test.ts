import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface CollectorConfig {
  readonly receivers?: Record<
    string,
    { readonly protocols: Record<string, { endpoint: string; cors?: object }> }
  >;
  readonly exporters: Record<string, { readonly endpoint?: string }>;
  readonly service: {
    readonly extensions?: readonly string[];
    readonly pipelines: Record<string, Record<"receivers" | "processors" | "exporters", readonly string[]>>;
  };
}
interface Compose {
  readonly services: Record<
    string,
    {
      readonly image?: string;
      readonly build?: object;
      readonly ports?: readonly string[];
      readonly environment?: Record<string, string>;
      readonly volumes?: readonly string[];
    }
  >;
}

const config = parse(read("otel-collector/config.yaml")) as CollectorConfig;
const compose = parse(read("docker-compose.yml")) as Compose;
const kindOf = (component: string): string => component.split("/")[0] ?? "";

test("the builder manifest has exactly the components that the configuration uses", () => {
  const manifest = parse(read("otel-collector/manifest.yaml")) as Record<
    string,
    readonly { gomod: string }[]
  >;
  const built = ["receivers", "processors", "connectors", "exporters", "extensions"].flatMap((kind) =>
    (manifest[kind] ?? []).map(
      ({ gomod }) => /\/([a-z]+?)(?:receiver|processor|connector|exporter|extension)? v/.exec(gomod)?.[1],
    ),
  );
  const names: Record<string, string> = {
    tail_sampling: "tailsampling",
    memory_limiter: "memorylimiter",
    health_check: "healthcheck",
    file_storage: "filestorage",
  };
  const used = new Set<string>(config.service.extensions);
  for (const pipeline of Object.values(config.service.pipelines))
    for (const component of [...pipeline.receivers, ...pipeline.processors, ...pipeline.exporters])
      used.add(kindOf(component));
  expect(new Set(built)).toEqual(new Set([...[...used].map((name) => names[name] ?? name), "debug"]));
  expect(built).toHaveLength(used.size + 1);
});

test("the collector's ports are those that compose publishes, apps' to this machine only, and the parts find each other by name", () => {
  const portsOf = (receiver: string): readonly string[] =>
    Object.values(config.receivers?.[receiver]?.protocols ?? {}).map(
      ({ endpoint }) => /:(\d+)\}$/.exec(endpoint)?.[1] ?? "",
    );
  expect(compose.services["collector"]?.ports).toEqual([
    ...portsOf("otlp").map((port) => `127.0.0.1:${port}:${port}`),
    ...portsOf("otlp/pages").map((port) => `${port}:${port}`),
  ]);
  for (const { endpoint } of Object.values(config.exporters))
    expect(Object.keys(compose.services)).toContain(/:-http:\/\/([a-z]+):/.exec(endpoint ?? "")?.[1]);
});

test("pages have a receiver of their own, which leads to every store and never to the guard", () => {
  const hasCors = (receiver: string): boolean =>
    Object.values(config.receivers?.[receiver]?.protocols ?? {}).some(({ cors }) => cors !== undefined);
  expect(Object.keys(config.receivers ?? {}).filter(hasCors)).toEqual(["otlp/pages"]);
  for (const [name, { receivers, exporters }] of Object.entries(config.service.pipelines))
    expect([name, receivers.includes("otlp/pages")]).toEqual([name, !exporters.includes("otlphttp/control")]);
});

test("every file that compose mounts exists", () => {
  const files = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.filter((volume) => volume.startsWith("./")),
  );
  expect(files.length).toBeGreaterThan(5);
  for (const file of files)
    expect(() => readdirSync(join(root, file.split(":")[0] ?? "", ".."))).not.toThrow();
  for (const file of files.filter((volume) => /\.ya?ml:/.test(volume)))
    expect(read(file.split(":")[0] ?? "")).not.toBe("");
});

test("images are pinned and no secret is written down", () => {
  for (const [name, { image, build }] of Object.entries(compose.services)) {
    const isPinned = image === undefined ? build !== undefined : /:v?\d+\.\d+(\.\d+)?[\w.-]*$/.test(image);
    expect([name, isPinned]).toEqual([name, true]);
  }
  const secrets = Object.values(compose.services)
    .flatMap(({ environment = {} }) => Object.entries(environment))
    .filter(([key]) => /PASSWORD|KEY|SECRET|TOKEN|DATABASE_URL/.test(key));
  expect(secrets).toHaveLength(4);
  for (const [, value] of secrets) expect(value).toMatch(/\$\{[A-Z_]+:\?/);
});

test.each(readdirSync(join(root, "otel-collector/backends")))(
  "%s adds an exporter to all three signals and takes its key from the environment",
  (file) => {
    const text = read(`otel-collector/backends/${file}`);
    const backend = parse(text) as CollectorConfig;
    const exporters = Object.keys(backend.exporters);
    expect(Object.keys(backend.service.pipelines)).toEqual(["traces", "metrics", "logs"]);
    for (const pipeline of Object.values(backend.service.pipelines)) {
      expect(pipeline.exporters).toEqual(exporters);
      expect(pipeline.receivers).toEqual(expect.arrayContaining(["otlp", "otlp/pages"]));
    }
    expect(text).toMatch(/\$\{env:[A-Z_]*(?:KEY|TOKEN)\}/);
  },
);
