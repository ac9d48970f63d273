// Bundles the page's script as any app's build would; `npm run build` calls it.
import { build } from "esbuild";

const at = (path) => new URL(path, import.meta.url).pathname;

await build({
  entryPoints: [at("main.ts")],
  outfile: at("../dist/page/bundle.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: true,
  logLevel: "warning",
});
