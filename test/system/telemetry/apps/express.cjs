const express = require("express");
const pino = require("pino");
const { client, pause, ready } = require("./flags.cjs");

const log = pino({ level: "info" }, pino.destination("/dev/null"));
const app = express();
app.use(async (request, response, next) => {
  await pause(Math.random() * 5);
  response.locals.user = request.query.user;
  next();
});
app.use(async (request, response, next) => {
  const context = { targetingKey: response.locals.user };
  await client.getStringValue("whoami", "nobody", context);
  response.locals.checkout = await client.getBooleanValue("checkout", false, context);
  await pause(5);
  next();
});
app.get("/order", async (request, response) => {
  log.info("ordering");
  await pause(Math.random() * 10);
  const stock = await fetch(`${process.env.UPSTREAM_URL}/stock`);
  await stock.text();
  if (response.locals.user.endsWith("7")) throw new Error("out of stock");
  log.info("ordered");
  response.json({ checkout: response.locals.checkout });
});
app.use((error, request, response, _next) => {
  log.error({ err: error }, "failed");
  response.status(500).json({ error: error.message });
});

void ready.then(() => {
  const server = app.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
  process.on("SIGTERM", () => {
    server.close();
    server.closeAllConnections();
    process.disconnect();
  });
});
