import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = new URL("../../../", import.meta.url).pathname;
const flagspan = `${root}packages/cli/dist/bin.js`;

/** The flag that the story is about, as `flagspan assets` is told. */
export const assetFlag = {
  key: "dark-mode",
  flagSetId: "shop.prod",
  variants: ["on", "off"],
  treatment: "on",
  control: "off",
} as const;

/** Writes a key of scope `telemetry` into a store that no control has opened yet: the collector needs it before control is up. */
export async function createTelemetryKey(store: string): Promise<string> {
  const create = ["keys", "create", "--name", "collector", "--scopes", "telemetry", "--actor", "api"];
  const { stdout } = await run(process.execPath, [flagspan, ...create, "--store", store]);
  return stdout.trim();
}

/** What the shop says of itself at the end. */
export interface Summary {
  readonly blamed: string | null;
  readonly changeEvents: number;
  readonly unitsHarmed: number;
  readonly decisionToAppliedMs: { readonly instances: number } | null;
  /** Whether every part of the story happened; what did not was printed. */
  readonly isWhole: boolean;
}

/**
 * Plays the shop's incident, the very processes of `npm start -- --once`, with everything it tells going to `collectorUrl` as well and the
 * outcomes going there alone. Prints the telling; rejects where the story broke off.
 */
export async function playStory(options: {
  readonly collectorUrl: string;
  readonly controlPort: number;
  readonly store: string;
  readonly folder: string;
}): Promise<Summary> {
  const child = spawn(
    process.execPath,
    [
      `${root}examples/shop/dist/story/start.js`,
      "--once",
      "--json",
      "--via-collector",
      // Interop asks what arrived, not how fast: benches do that.
      "--patience",
      "4",
      "--store",
      options.store,
    ],
    {
      cwd: options.folder,
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: options.collectorUrl,
        FLAGSPAN_PORT: String(options.controlPort),
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const stop = (): void => void child.kill("SIGTERM");
  process.once("exit", stop);
  createInterface({ input: child.stderr }).on("line", (line) => console.log(`  | ${line}`));
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  process.removeListener("exit", stop);
  if (printed === "") throw new Error(`the shop's story broke off with exit code ${code}; see above`);
  return { ...(JSON.parse(printed) as Omit<Summary, "isWhole">), isWhole: code === 0 };
}
