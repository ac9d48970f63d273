import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cert, key } from "../../provider/self-signed.ts";
import { SmallControl } from "../../provider/small-control.ts";

const run = promisify(execFile);
const child = new URL("extra-ca-child.mjs", import.meta.url).pathname;

test("LD-S11: NODE_EXTRA_CA_CERTS is enough to trust a company's own authority, without an option", async () => {
  const folder = await mkdtemp(join(tmpdir(), "flagspan-ca-"));
  const control = await new SmallControl().listen();
  const server = createServer({ key, cert }, (socket) => {
    const plain = connect(control.port, "127.0.0.1");
    for (const one of [socket, plain]) one.on("error", () => one.destroy());
    socket.pipe(plain).pipe(socket);
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  await writeFile(join(folder, "company.pem"), cert);
  const follow = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const { stdout } = await run(process.execPath, [child, url], { env: { ...process.env, ...env } });
    return stdout;
  };
  expect(await follow({ NODE_EXTRA_CA_CERTS: join(folder, "company.pem") })).toBe("revision 1");
  expect(await follow({})).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
  server.close();
  await control.close();
  await rm(folder, { recursive: true });
});
