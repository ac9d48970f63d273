// A NestJS app without decorator syntax: decorators are functions, and are called as such.
require("reflect-metadata");
const { Catch, Controller, Get, Injectable, Module, Query, UseGuards } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
const pino = require("pino");
const { client, pause, ready } = require("./flags.cjs");

const log = pino({ level: "info" }, pino.destination("/dev/null"));

class FlagGuard {
  async canActivate(execution) {
    const request = execution.switchToHttp().getRequest();
    const context = { targetingKey: request.query.user };
    await pause(Math.random() * 5);
    await client.getStringValue("whoami", "nobody", context);
    request.checkout = await client.getBooleanValue("checkout", false, context);
    await pause(5);
    return true;
  }
}
Injectable()(FlagGuard);

class StockService {
  async check(user) {
    await pause(Math.random() * 10);
    const stock = await fetch(`${process.env.UPSTREAM_URL}/stock`);
    await stock.text();
    if (user.endsWith("7")) throw new Error("out of stock");
  }
}
Injectable()(StockService);

class OrderController {
  constructor(stock) {
    this.stock = stock;
  }
  async order(user) {
    log.info("ordering");
    await this.stock.check(user);
    log.info("ordered");
    return { user };
  }
}
Reflect.defineMetadata("design:paramtypes", [StockService], OrderController);
Reflect.defineMetadata("design:paramtypes", [String], OrderController.prototype, "order");
Query("user")(OrderController.prototype, "order", 0);
Get("order")(
  OrderController.prototype,
  "order",
  Object.getOwnPropertyDescriptor(OrderController.prototype, "order"),
);
UseGuards(FlagGuard)(OrderController);
Controller()(OrderController);

class FailureFilter {
  catch(error, host) {
    log.error({ err: error }, "failed");
    host.switchToHttp().getResponse().status(500).json({ error: error.message });
  }
}
Catch()(FailureFilter);

class AppModule {}
Module({ controllers: [OrderController], providers: [StockService] })(AppModule);

void ready
  .then(() => NestFactory.create(AppModule, { logger: false }))
  .then(async (app) => {
    app.useGlobalFilters(new FailureFilter());
    await app.listen(0, "127.0.0.1");
    const server = app.getHttpServer();
    process.send({ port: server.address().port });
    process.on("SIGTERM", () => {
      server.close();
      server.closeAllConnections();
      process.disconnect();
    });
  });
