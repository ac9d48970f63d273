import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** What to bundle for a browser: either a source file or the text of a module. */
export type BundleEntry = { readonly file: string } | { readonly text: string };

/** How the bundle is made. */
export interface BundleOptions {
  /** Packages left as imports, as peers are when a bundle is weighed; a trailing `*` matches sub-paths. Default none. */
  readonly external?: readonly string[];
  /** Default false: readable stacks in tests. */
  readonly minify?: boolean;
  readonly plugins?: readonly Plugin[];
  /** What `exports` are resolved by. Default the packages' sources; `[]` takes packed packages as they are published. */
  readonly conditions?: readonly string[];
}

const testFolder = fileURLToPath(new URL("..", import.meta.url));

/**
 * Bundles one ES module for the browser in memory, from the packages' sources, and returns its text. Bare imports
 * resolve from where the file lies; those of a text as they do for a file in `test/`. Rejects with esbuild's own list of errors.
 */
export async function bundleForBrowser(entry: BundleEntry, options: BundleOptions = {}): Promise<string> {
  const result = await build({
    ...("file" in entry
      ? { entryPoints: [entry.file] }
      : { stdin: { contents: entry.text, loader: "ts", resolveDir: testFolder } }),
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: [...(options.conditions ?? ["@flagspan/source"])],
    minify: options.minify ?? false,
    external: [...(options.external ?? [])],
    plugins: [...(options.plugins ?? [])],
    logLevel: "silent",
    legalComments: "none",
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error("esbuild returned no output for the page");
  return output.text;
}

/** Weighs a bundle as a browser downloads it: the bytes after gzip -9. */
export function gzippedBytes(text: string): number {
  return gzipSync(text, { level: 9 }).byteLength;
}
