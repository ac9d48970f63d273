// Follows a control with a cache directory until it has the wanted revision, and closes, which writes the snapshot.
import { FlagspanProvider } from "@flagspan/provider/server";

const [url, cacheDir, wanted] = process.argv.slice(2);
const provider = new FlagspanProvider({ url, set: "shop", cacheDir });
await provider.initialize();
while (provider.revision !== wanted) await new Promise((resolve) => setTimeout(resolve, 5));
await provider.onClose();
