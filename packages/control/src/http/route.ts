import type { z } from "zod";

import type { CommandContext } from "../changes/actor.ts";
import type { Principal } from "../keys/key.ts";
import type { Ask, Permission } from "./gate.ts";
import type { Limits } from "./limits.ts";
import type { Reply } from "./reply.ts";
import type { Services } from "./services.ts";

/** A request that has passed the gate, its parts parsed. */
export interface Call<Body> {
  readonly ask: Ask;
  readonly services: Services;
  /** Absent on public routes. */
  readonly principal: Principal | undefined;
  /** `{set}` of the path; empty where there is none. */
  readonly set: string;
  /** `{key}`, `{id}` or `{vendor}` of the path, decoded. */
  readonly name: string;
  /** The last variable segment where there are two of other kinds: `{revision}`, `{verb}`. */
  readonly tail: string;
  readonly query: URLSearchParams;
  readonly body: Body;
  readonly bytes: Uint8Array;
}

/** One row of the table of routes: what is not in it does not exist. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `{set}`, `{key}` and the like; matched exactly. */
  readonly path: string;
  readonly summary: string;
  readonly permission: Permission;
  /** JSON, read and checked before the handler; or raw bytes. Absent: a body is not read. */
  readonly body?: z.ZodType | "bytes";
  readonly bodyLimit?: "bodyBytes" | "rulesetBytes" | "otlpBytes";
  readonly query?: Readonly<Record<string, string>>;
  /** What it answers when all is well. */
  readonly answers: string;
  /** OFREP routes report errors in OFREP's form. */
  readonly ofrep?: true;
  /** Other origins may ask, where `cors` allows them. */
  readonly crossOrigin?: true;
  /** Comes by the thousand: served on node's own objects, without a `Request` and a `Response` (`hot-routes.ts`). */
  readonly hot?: true;
  handle(call: Call<unknown>): Reply | Promise<Reply>;
}

/** Describes a route whose body is checked by `schema`; inside, nobody checks again. */
export function withBody<Schema extends z.ZodType>(
  schema: Schema,
  route: Omit<Route, "body" | "handle"> & { handle(call: Call<z.output<Schema>>): Reply | Promise<Reply> },
): Route {
  return {
    ...route,
    body: schema,
    handle: (call) => route.handle(call as Call<z.output<Schema>>),
  };
}

/** How many body bytes a route takes. */
export function bodyLimitOf(route: Route, limits: Limits): number {
  return limits[route.bodyLimit ?? "bodyBytes"];
}

/** What a command needs from the request beside its content. `undefined` for an `If-Match` nobody could mean. */
export function commandContext(call: Call<unknown>, reason: string): CommandContext | undefined {
  const ifMatch = call.ask.header("if-match");
  const revision =
    ifMatch === undefined || ifMatch === "*" ? undefined : /^"([0-9]{1,15})"$/.exec(ifMatch)?.[1];
  if (ifMatch !== undefined && ifMatch !== "*" && revision === undefined) return undefined;
  const traceparent = call.ask.header("traceparent");
  const idempotencyKey = call.ask.header("idempotency-key");
  return {
    actor: call.principal?.actor ?? { id: "control", type: "system" },
    reason,
    ...(revision === undefined ? {} : { ifMatch: Number(revision) }),
    ...(traceparent !== undefined && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)
      ? { traceparent }
      : {}),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: idempotencyKey.slice(0, 200) }),
  };
}
