const { client, pause, ready } = require("./flags.cjs");
const pino = require("pino");
const fastify = require("fastify");

const log = pino({ level: "info" }, pino.destination("/dev/null"));
const app = fastify();
app.addHook("onRequest", async (request) => {
  await pause(Math.random() * 5);
  request.user = request.query.user;
});
app.addHook("preHandler", async (request) => {
  const context = { targetingKey: request.user };
  await client.getStringValue("whoami", "nobody", context);
  request.checkout = await client.getBooleanValue("checkout", false, context);
  await pause(5);
});
app.get("/order", async (request) => {
  log.info("ordering");
  await pause(Math.random() * 10);
  const stock = await fetch(`${process.env.UPSTREAM_URL}/stock`);
  await stock.text();
  if (request.user.endsWith("7")) throw new Error("out of stock");
  log.info("ordered");
  return { checkout: request.checkout };
});
app.setErrorHandler((error, request, reply) => {
  log.error({ err: error }, "failed");
  reply.status(500).send({ error: error.message });
});

void ready
  .then(() => app.listen({ port: 0, host: "127.0.0.1" }))
  .then(() => {
    process.send({ port: app.server.address().port });
    process.on("SIGTERM", () => {
      app.server.close();
      app.server.closeAllConnections();
      process.disconnect();
    });
  });
