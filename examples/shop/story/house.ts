import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createControlApi, type ControlApi } from "./control.ts";
import { createProcessGroup, type ProcessGroup, type Running } from "./processes.ts";

/** The shop and its control, all processes running. */
export interface RunningShop {
  readonly controlUrl: string;
  readonly storefrontUrl: string;
  /** Control as the named person sees it. */
  readonly api: ControlApi;
  readonly processes: ProcessGroup;
  /** Lets visitors in. */
  openDoors(): Promise<void>;
  /** Lets nobody in until the doors open again. */
  closeDoors(): void;
}

/** The flag set of the shop. */
export const flagSet = "shop.prod";
/** Who makes the changes of the story. */
export const person = "ada@shop.example";

const shopRoot = fileURLToPath(new URL("../../", import.meta.url));
const script = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Where everything of this run is kept; folders of runs that are over are removed. */
function claimRunFolder(): string {
  const home = resolve(".flagspan");
  mkdirSync(home, { recursive: true });
  for (const name of readdirSync(home)) {
    const pid = Number(/^shop-(\d+)$/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(home, name), { recursive: true, force: true });
  }
  const folder = join(home, `shop-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Starts control, creates its keys, brings the starting ruleset, and starts the three services. */
export async function startShop(options: {
  readonly collectorUrl: string;
  readonly seed: string;
  readonly incident: string;
  readonly viaCollector: boolean;
  readonly store: string | undefined;
  readonly port: number;
}): Promise<RunningShop> {
  const folder = claimRunFolder();
  const store = options.store ?? join(folder, "control.db");
  const flagspan = findBinary();
  // The first key is written into the store directly; every other one is made through control's API.
  const create = ["keys", "create", "--name", person, "--scopes", "admin,write,kill,sync", "--actor", "user"];
  const { stdout } = await promisify(execFile)(process.execPath, [flagspan, ...create, "--store", store]);
  const personKey = stdout.trim();

  // The page's origin must be known before control starts, because control answers no other pages.
  const storefrontPort = await findFreePort();
  const storefrontUrl = `http://127.0.0.1:${storefrontPort}`;
  const processes = createProcessGroup(folder);
  try {
    const telemetry = {
      OTEL_EXPORTER_OTLP_ENDPOINT: options.collectorUrl,
      OTEL_METRICS_EXPORTER: options.viaCollector ? "otlp" : "none",
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_METRIC_EXPORT_TIMEOUT: "1000",
    };
    const control = await processes.start({
      name: "control",
      script: flagspan,
      args: ["serve", "--store", store, "--port", String(options.port), "--pages", "open"],
      env: {
        ...telemetry,
        OTEL_SERVICE_NAME: "flagspan",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=shop",
        FLAGSPAN_CORS: storefrontUrl,
      },
    });
    const controlUrl = `http://127.0.0.1:${control.port}`;
    const api = createControlApi(controlUrl, personKey);
    const createKey = async (name: string, scope: string): Promise<string> => {
      const key = { name, scopes: [scope], sets: [flagSet], actorType: "api" };
      return (await api.send<{ token: string }>("POST", "/v1/keys", key)).token;
    };
    const syncKey = await createKey("shop services", "sync");
    const telemetryKey = await createKey("shop telemetry", "telemetry");
    const webKey = await createKey("shop page", "evaluate");
    const ruleset = JSON.parse(await readFile(join(shopRoot, "flags.json"), "utf8")) as unknown;
    await api.send("PUT", `/v1/rulesets/${flagSet}`, {
      ruleset,
      reason: "the shop opens with examples/shop/flags.json",
    });

    const service = async (name: string, downstreamUrl: string, port = 0): Promise<string> => {
      const running = await processes.start({
        name,
        script: script(`services/${name}.js`),
        preload: new URL("../services/instrumentation.js", import.meta.url).href,
        env: {
          ...telemetry,
          OTEL_SERVICE_NAME: name,
          FLAGSPAN_URL: controlUrl,
          FLAGSPAN_SET: flagSet,
          FLAGSPAN_SYNC_KEY: syncKey,
          FLAGSPAN_TELEMETRY_KEY: telemetryKey,
          FLAGSPAN_WEB_KEY: webKey,
          DOWNSTREAM_URL: downstreamUrl,
          SHOP_INCIDENT: options.incident,
          SHOP_OUTCOMES: options.viaCollector ? "collector" : "control",
          PORT: String(port),
        },
      });
      return `http://127.0.0.1:${running.port}`;
    };
    const stockUrl = await service("stock", "");
    const checkoutUrl = await service("checkout", stockUrl);
    await service("storefront", checkoutUrl, storefrontPort);
    let traffic: Running | undefined;
    return {
      controlUrl,
      storefrontUrl,
      api,
      processes,
      openDoors: async () => {
        if (traffic !== undefined) return traffic.send({ doors: "open" });
        const env = { STOREFRONT_URL: storefrontUrl, SEED: options.seed };
        traffic = await processes.start({ name: "traffic", script: script("traffic/main.js"), env });
      },
      closeDoors: () => traffic?.send({ doors: "closed" }),
    };
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** The `flagspan` binary of the installed package. */
function findBinary(): string {
  const manifest = createRequire(import.meta.url).resolve("flagspan/package.json");
  const binary = join(dirname(manifest), "dist", "bin.js");
  if (!existsSync(binary)) throw new Error(`${binary} is not built; run \`npm run build\``);
  return binary;
}
