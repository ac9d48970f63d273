// One link of a chain of services: only the one that is told to evaluates a flag; each calls the next, and hands its
// status on. The one that is told to fails.
const express = require("express");
const pino = require("pino");
const { client, pause, ready } = require("./flags.cjs");

const log = pino({ level: "info" }, pino.destination("/dev/null"));
const app = express();
app.get("/order", async (request, response) => {
  const { user } = request.query;
  if (process.env.EVALUATES === "true") {
    await client.getStringValue("whoami", "nobody", { targetingKey: user });
    await client.getBooleanValue("checkout", false, { targetingKey: user });
    await pause(5);
  }
  log.info("passing on");
  let status = process.env.FAILS === "true" ? 500 : 200;
  if (process.env.NEXT_URL) {
    const next = await fetch(`${process.env.NEXT_URL}/order?user=${user}`);
    await next.text();
    status = next.status;
  }
  log.info("answering");
  response.status(status).json({ ok: status === 200 });
});

void ready.then(() => {
  const server = app.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
  server.keepAliveTimeout = 60_000; // a busy machine must not look like a broken connection
  process.on("SIGTERM", () => {
    server.close();
    server.closeAllConnections();
    process.disconnect();
  });
});
