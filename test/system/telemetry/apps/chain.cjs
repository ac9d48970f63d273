// One link of a chain of services: only the one that is told to evaluates a flag; each calls the next.
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
  if (process.env.NEXT_URL) await (await fetch(`${process.env.NEXT_URL}/order?user=${user}`)).text();
  log.info("answering");
  response.json({ ok: true });
});

void ready.then(() => {
  const server = app.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
  process.on("SIGTERM", () => {
    server.close();
    server.closeAllConnections();
    process.disconnect();
  });
});
