import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AllowPrivate } from "./network-policy.ts";
import { createHttpSender } from "./sender.ts";

/** What names resolve to, one answer after the other; the last one stays. */
const answers = new Map<string, (readonly string[])[]>();
let asked = 0;
vi.mock("node:dns", () => ({
  lookup(
    hostname: string,
    _options: object,
    callback: (error: null, found: { address: string; family: number }[]) => void,
  ): void {
    asked += 1;
    const known = answers.get(hostname) ?? [[]];
    const addresses = (known.length > 1 ? known.shift() : known[0]) ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  },
}));

let server: Server;
let port = 0;
let requests = 0;
beforeEach(async () => {
  requests = 0;
  asked = 0;
  answers.clear();
  server = createServer((_, response) => {
    requests += 1;
    response.writeHead(200, { connection: "close" }).end("secret");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function send(allowPrivate: AllowPrivate, hostname = "rebind.example"): Promise<string> {
  const sender = createHttpSender({ allowPrivate, timeoutMs: 300 });
  try {
    const answer = await sender.send({
      url: `http://${hostname}:${port}/`,
      method: "POST",
      headers: {},
      body: "{}",
    });
    return String(answer.status);
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await sender.close();
  }
}

test("a name is resolved once for a connection, and what was checked is what is connected to", async () => {
  // A check before the connection would see the first answer, the connection the second.
  answers.set("rebind.example", [["198.51.100.7"], ["127.0.0.1"]]);
  expect(await send(false)).toBe("private-address");
  expect(asked).toBe(1);
  expect(await send(false)).toBe("private-address");
  expect(requests).toBe(0);
});

test.each([
  ["one private address among public ones", [["93.184.216.34", "127.0.0.1"]]],
  ["a wrapped one", [["::ffff:127.0.0.1"]]],
  ["one that is no address", [["localhost"]]],
  ["none", [[]]],
])("a name with %s is refused", async (_, given) => {
  answers.set("rebind.example", given);
  expect(await send(false)).toBe("private-address");
  expect(requests).toBe(0);
});

test("a name that may be private may not be a cloud's metadata service, unless everything may", async () => {
  for (const address of ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"]) {
    answers.set("collector", [[address]]);
    expect([address, await send(["collector"], "collector")]).toEqual([address, "private-address"]);
  }
  answers.set("collector", [["127.0.0.1"]]);
  expect(await send(["collector"], "collector")).toBe("200");
  expect(await send(["169.254.169.254"], "169.254.169.254")).not.toBe("private-address");
});
