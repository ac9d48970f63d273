// Follows a control with a cache directory until it has the wanted revision, and closes, which writes the snapshot.
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

// A temporary file whose name is known, so that strace can be told to watch what is written to it.
crypto.randomUUID = () => "00000000-crash";
syncBuiltinESMExports();
const { FlagspanProvider } = await import("@flagspan/provider/server");

const [url, cacheDir, wanted] = process.argv.slice(2);
const provider = new FlagspanProvider({ url, set: "shop", cacheDir });
await provider.initialize();
while (provider.revision !== wanted) await new Promise((resolve) => setTimeout(resolve, 5));
await provider.onClose();
