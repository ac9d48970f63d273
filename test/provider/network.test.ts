import { connect as connectTcp, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { FlagspanProvider, httpSource, systemClock } from "@flagspan/provider/server";
import { ProviderEvents } from "@openfeature/server-sdk";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConnectProxy } from "./connect-proxy.ts";
import { follow } from "./follow.ts";
import { cert, key } from "./self-signed.ts";
import { answerStatus, onOff, SmallControl } from "./small-control.ts";
import { settle, until } from "./until.ts";

// LD-S11 (research/reliability.md §1.1): proxies, certificates and redirects, over real sockets.
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0).toReversed()) await close();
});

async function startControl(): Promise<SmallControl> {
  const control = await new SmallControl().listen();
  closers.push(() => control.close());
  return control;
}

async function startProxy(credentials?: string): Promise<ConnectProxy> {
  const proxy = await new ConnectProxy(credentials).listen();
  closers.push(() => proxy.close());
  return proxy;
}

/** TLS in front of a control, with the certificate of this run. Answers its address and how many got through. */
async function startTls(control: SmallControl): Promise<{ url: string; ip: string; accepted: () => number }> {
  let accepted = 0;
  const sockets = new Set<Socket>();
  const server: TlsServer = createTlsServer({ key, cert }, (socket) => {
    accepted++;
    sockets.add(socket);
    const plain = connectTcp(control.port, "127.0.0.1");
    for (const one of [socket, plain]) one.on("error", () => one.destroy());
    socket.pipe(plain).pipe(socket);
    socket.on("close", () => plain.destroy());
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://localhost:${port}`, ip: `https://127.0.0.1:${port}`, accepted: () => accepted };
}

async function check(url: string, options: object, control: SmallControl): Promise<FlagspanProvider> {
  const provider = new FlagspanProvider({ url, set: "shop", key: "fs_1.secret", ...options });
  closers.push(() => provider.onClose());
  await provider.initialize();
  control.set("a", onOff("on"));
  await until("the patch has arrived", () => provider.evaluateSync("a", false).value);
  return provider;
}

/** Opens a source that must not come through, and answers its first failure. */
async function fail(url: string, options: object): Promise<string> {
  return new Promise((resolve) => {
    const source = httpSource({ url, set: "shop", ...options }).open(
      {
        update: () => resolve("it came through"),
        link: () => undefined,
        failure: ({ message }) => resolve(message),
      },
      { clock: systemClock, random: Math.random, instance: "instance-1" },
    );
    closers.push(() => source.close());
  });
}

describe("certificates", () => {
  test("a certificate authority of one's own is trusted where it is given, and nowhere else", async () => {
    const control = await startControl();
    const tls = await startTls(control);
    await check(tls.url, { connect: { ca: cert } }, control);
    const accepted = tls.accepted();
    expect(accepted).toBeGreaterThan(0);
    expect(await fail(tls.url, {})).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
  });

  test("a trusted certificate of another name is refused, and no request is sent", async () => {
    const control = await startControl();
    const tls = await startTls(control);
    expect(await fail(tls.ip, { connect: { ca: cert } })).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(control.asked).toEqual([]);
  });

  test("verification is skipped only if asked for", async () => {
    const control = await startControl();
    const tls = await startTls(control);
    const provider = await check(tls.ip, { connect: { rejectUnauthorized: false } }, control);
    expect(provider.revision).toBe("2");
  });
});

describe("proxies", () => {
  test("http and https alike go through the proxy, the certificate is still checked, and closing ends the tunnels", async () => {
    const control = await startControl();
    const tls = await startTls(control);
    const proxy = await startProxy();
    const address = `http://127.0.0.1:${proxy.port}`;
    const plain = await check(control.url, { proxy: address }, control);
    expect(new Set(proxy.tunnels)).toEqual(new Set([`127.0.0.1:${control.port}`]));
    control.set("a", onOff("off"));
    const secure = await check(tls.url, { proxy: address, connect: { ca: cert } }, control);
    expect(proxy.tunnels).toContain(new URL(tls.url).host);
    expect(await fail(tls.url, { proxy: address })).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
    await Promise.all([plain.onClose(), secure.onClose()]);
    await until("no tunnel is left", () => proxy.open.size === 0);
  });

  test("a proxy that asks for credentials gets those of its address, and control never sees them", async () => {
    const control = await startControl();
    const proxy = await startProxy("user:p@ss word");
    const address = `http://user:p%40ss%20word@127.0.0.1:${proxy.port}`;
    await check(control.url, { proxy: address }, control);
    expect(control.asked.every(({ headers }) => headers["proxy-authorization"] === undefined)).toBe(true);
    const why = await fail(control.url, { proxy: `http://user:secret@127.0.0.1:${proxy.port}` });
    expect(why).toContain("407");
    expect(why).not.toContain("secret");
    expect(proxy.refused).toBeGreaterThan(0);
  });

  test("the environment's proxy is used where asked for, except for what NO_PROXY names, and is otherwise ignored", async () => {
    const control = await startControl();
    const proxy = await startProxy();
    for (const name of ["http_proxy", "https_proxy", "no_proxy", "NO_PROXY"]) vi.stubEnv(name, undefined);
    vi.stubEnv("HTTP_PROXY", `http://127.0.0.1:${proxy.port}`);
    await check(control.url, {}, control);
    expect(proxy.tunnels).toEqual([]);
    control.set("a", onOff("off"));
    await check(control.url, { proxy: "environment" }, control);
    expect(proxy.tunnels.length).toBeGreaterThan(0);
    const before = proxy.tunnels.length;
    vi.stubEnv("NO_PROXY", "other.example, 127.0.0.1");
    control.set("a", onOff("off"));
    await check(control.url, { proxy: "environment" }, control);
    expect(proxy.tunnels).toHaveLength(before);
  });

  test("a proxy that is gone is a network failure like any other: it is tried again", async () => {
    const control = await startControl();
    const proxy = await startProxy();
    const address = `http://127.0.0.1:${proxy.port}`;
    await proxy.close();
    expect(await fail(control.url, { proxy: address })).toContain("ECONNREFUSED");
  });
});

describe("addresses", () => {
  test.each(["", "/"])("a base address that ends in %j reaches the same paths", async (end) => {
    const control = await startControl();
    const paths: (string | undefined)[] = [];
    control.next.stream.push((request, response) => {
      paths.push(request.url);
      control.openStream(request, response);
    });
    await check(`${control.url}/base${end}`, { set: "shop/é" }, control);
    expect(paths).toEqual(["/base/v1/rulesets/shop%2F%C3%A9/stream"]);
  });

  test("a redirect is followed, but another origin is told nothing about who asks", async () => {
    const [control, other] = [await startControl(), await startControl()];
    control.next.stream.push((request, response) => {
      response.writeHead(307, { location: `${other.url}${request.url ?? ""}` }).end();
    });
    const { ready, provider } = follow(control, { key: "fs_1.secret", headers: { "x-api-key": "secret" } });
    closers.push(() => provider.onClose());
    await ready;
    expect(control.last("stream")?.headers).toMatchObject({
      authorization: "Bearer fs_1.secret",
      "x-api-key": "secret",
    });
    const told = other.last("stream")?.headers ?? {};
    expect(Object.keys(told).sort()).toEqual(["accept", "cache-control", "connection", "host", "user-agent"]);
  });

  test.each([301, 302, 303, 307, 308])("HTTP %i is followed", async (status) => {
    const control = await startControl();
    control.next.stream.push((request, response) => {
      response.writeHead(status, { location: `/elsewhere${request.url ?? ""}` }).end();
    });
    const provider = await check(control.url, {}, control);
    expect([provider.revision, control.count("stream")]).toEqual(["2", 2]);
  });

  test.each([
    ["none", {}, "names no usable Location"],
    ["no address", { location: "http://[" }, "names no usable Location"],
    ["a file", { location: "file:///etc/passwd" }, "names no usable Location"],
    ["itself", { location: "/v1/rulesets/shop/stream" }, "answered HTTP 302"],
  ])("a redirect to %s is a failure that is tried again", async (_what, headers, why) => {
    const control = await startControl();
    for (const path of ["stream", "ruleset"] as const) control.always[path] = answerStatus(302, headers);
    expect(await fail(control.url, {})).toContain(why);
    delete control.always.stream;
    const provider = await check(control.url, {}, control);
    expect(provider.revision).toBe("2");
  });

  test("a redirect from https to http is refused", async () => {
    const [control, plain] = [await startControl(), await startControl()];
    const tls = await startTls(control);
    for (const path of ["stream", "ruleset"] as const) {
      control.always[path] = (request, response) => {
        response.writeHead(302, { location: `${plain.url}${request.url ?? ""}` }).end();
      };
    }
    expect(await fail(tls.url, { connect: { ca: cert } })).toContain("is not encrypted");
    await settle();
    expect(plain.asked).toEqual([]);
  });
});

test.each([
  [{ url: "control:8080" }, 'url "control:8080" is not an http(s) address'],
  [{ url: "" }, 'url "" is not an http(s) address'],
  [{ url: "file:///etc/flags.json" }, "is not an http(s) address"],
  [{ set: ".." }, 'set ".." is not the name of a flag set'],
  [{ set: "" }, 'set "" is not the name of a flag set'],
  [{ key: "fs_1.secret\n" }, "may end in a line break"],
  [{ proxy: "proxy.internal" }, "proxy is neither"],
  [{ pollIntervalMs: 0 }, "pollIntervalMs is 0; it is a number of at least 1"],
  [{ idleMs: Number.NaN }, "idleMs is NaN"],
])("an option that cannot mean anything is refused by name: %j", (options, message) => {
  const create = (): unknown => httpSource({ url: "http://127.0.0.1:1", set: "shop", ...options });
  expect(create).toThrow(TypeError);
  expect(create).toThrow(message);
  expect(create).not.toThrow("fs_1");
});

test("delays of months are waited for, and NaN is refused", async () => {
  const control = await startControl();
  const months = { staleAfterMs: 2 ** 33, errorAfterMs: Number.POSITIVE_INFINITY, pollIntervalMs: 2 ** 40 };
  const provider = new FlagspanProvider({ url: control.url, set: "shop", ...months });
  closers.push(() => provider.onClose());
  const heard: string[] = [];
  provider.events.addHandler(ProviderEvents.Stale, () => void heard.push("stale"));
  await provider.initialize();
  await control.close();
  await settle();
  expect(heard).toEqual([]);
  expect(() => new FlagspanProvider({ url: "http://127.0.0.1:1", staleAfterMs: Number.NaN })).toThrow(
    "staleAfterMs is NaN",
  );
});
