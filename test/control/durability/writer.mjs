/**
 * Writes flags through control into a SQLite file, one after the other, and prints `ack <revision> <change id>` only
 * when a write was acknowledged. Somebody kills it; what it printed must be there afterwards.
 *
 * node writer.mjs <file> <writes>
 */
import { writeSync } from "node:fs";

import { createControl, openSqliteStore } from "@flagspan/control";

const [path, writes] = process.argv.slice(2);
const store = await openSqliteStore({ path });
const control = createControl({ store });
writeSync(1, "open\n");
for (let index = 0; index < Number(writes); index += 1) {
  const flag = {
    state: "ENABLED",
    variants: { on: true, off: false },
    defaultVariant: "on",
    metadata: { description: `${process.pid}/${index}` },
  };
  const answer = await control.commands
    .putFlag("shop.prod", "dark-mode", flag, {
      actor: { id: "writer", type: "system" },
      reason: `write ${index}`,
    })
    .catch((error) => ({ ok: false, problem: `${error.code} ${error.message}` }));
  if (answer.ok) writeSync(1, `ack ${answer.live.revision} ${answer.changes[0]?.id}\n`);
  else writeSync(1, `refused ${answer.problem}\n`);
}
writeSync(1, "done\n");
await control.close();
await store.close();
