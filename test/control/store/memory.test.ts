import { openMemoryStore } from "@flagspan/control";

import { describeStore } from "./suite.ts";

describeStore("the memory store", {
  open: openMemoryStore,
  reopens: false,
  clear: async () => {},
});
