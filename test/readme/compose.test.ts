import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { root } from "./blocks.ts";

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
}

const text = readFileSync(join(root, "docker-compose.yml"), "utf8");
const { services, volumes } = parse(text) as {
  services: Readonly<Record<string, Service>>;
  volumes: Readonly<Record<string, unknown>>;
};
const all = Object.entries(services);

function readDockerfile({ context, dockerfile }: NonNullable<Service["build"]>): string {
  return readFileSync(join(root, context, dockerfile), "utf8");
}

test("everything is there: control, the shop, a collector, Prometheus, Tempo, Loki, Grafana, Postgres", () => {
  expect(Object.keys(services).sort()).toEqual(
    ["collector", "control", "grafana", "loki", "postgres", "prometheus", "shop", "tempo"].sort(),
  );
});

test.each(all)("%s is made of one thing, an image or a build", (_name, { image, build }) => {
  expect([image, build].filter(Boolean)).toHaveLength(1);
});

test("images are pinned, those of the builds as well", () => {
  const images = all.flatMap(([, { image, build }]) =>
    build === undefined
      ? [image ?? ""]
      : [...readDockerfile(build).matchAll(/^FROM (\S+)/gm)].map(([, from = ""]) => from),
  );
  expect(images.filter((image) => !/^[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*$/.test(image))).toEqual([]);
});

test.each(all.filter(([, { build }]) => build !== undefined))(
  "%s is built from files that exist",
  (_name, service) => {
    const { build = { context: "", dockerfile: "" } } = service;
    const copied = [...readDockerfile(build).matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, files = ""]) => files.split(" "),
    );
    expect(copied).toContain("package-lock.json");
    expect(copied.filter((file) => !existsSync(join(root, build.context, file)))).toEqual([]);
  },
);

test.each(all)("%s mounts only files that exist, and volumes that are declared", (_name, service) => {
  const sources = (service.volumes ?? []).map((mount) => mount.split(":")[0] ?? "");
  const isThere = (source: string): boolean =>
    source.startsWith(".") ? existsSync(join(root, source)) : Object.hasOwn(volumes, source);
  expect(sources.filter((source) => !isThere(source))).toEqual([]);
});

test.each(all)("%s waits only for services that there are", (_name, service) => {
  const waitsFor = service.depends_on ?? [];
  const names = Array.isArray(waitsFor) ? (waitsFor as readonly string[]) : Object.keys(waitsFor);
  expect(names.filter((name) => !Object.hasOwn(services, name))).toEqual([]);
});

test("what our own processes start is what the build makes", () => {
  const started = services["shop"]?.entrypoint?.[1] ?? "";
  expect(statSync(join(root, started.replace("/dist/", "/").replace(/\.js$/, ".ts"))).isFile()).toBe(true);
  const dockerfile = readFileSync(join(root, "packages/cli/Dockerfile"), "utf8");
  expect(dockerfile).toContain('ENTRYPOINT ["node", "packages/cli/dist/bin.js"]');
  expect(dockerfile).toMatch(/tsc -b packages\/cli examples\/shop/);
});

test("it holds no secret: each comes from the environment, and is asked for where it is missing", () => {
  const secrets = all.flatMap(([, { environment = {} }]) =>
    Object.entries(environment).filter(([name]) => /PASSWORD|KEY|SECRET|TOKEN|DATABASE_URL/.test(name)),
  );
  expect(secrets.length).toBeGreaterThanOrEqual(4);
  expect(secrets.filter(([, value]) => !/\$\{\w+:\?[^}]+\}/.test(value))).toEqual([]);
});
