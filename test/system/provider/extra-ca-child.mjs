// Follows a control once and says which revision it has, or why it has none.
import { FlagspanProvider } from "@flagspan/provider/server";

const provider = new FlagspanProvider({ url: process.argv[2], set: "shop", initTimeoutMs: 5000 });
const why = await provider.initialize().then(
  () => "",
  (error) => error.message,
);
process.stdout.write(why === "" ? `revision ${provider.revision}` : why);
await provider.onClose();
