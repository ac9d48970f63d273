import type { z } from "zod";

import { ofrepError } from "../ofrep/answer.ts";
import { isSetName } from "../ruleset/document.ts";
import { parseJson } from "./body.ts";
import type { BodyResult } from "./body.ts";
import { decodeSegment } from "./canonical-path.ts";
import type { Cors } from "./cors.ts";
import type { Ask, Gate } from "./gate.ts";
import { problem } from "./problem.ts";
import type { Reply } from "./reply.ts";
import { bodyLimitOf } from "./route.ts";
import type { Call, Route } from "./route.ts";
import type { Services } from "./services.ts";

/** Reads the body of the request at hand, at most `maxBytes` of it. */
export type BodyReader = (maxBytes: number) => Promise<BodyResult>;

/** The one door of every row in the table of routes, whichever way the request came. */
export interface Door {
  /** Name of the set, gate, body, schema; only then the handler. `ask` must match the route's path. */
  serve(route: Route, ask: Ask, readBody: BodyReader): Promise<Reply>;
}

/** Builds the door. */
export function createDoor(options: {
  readonly services: Services;
  readonly gate: Gate;
  readonly cors: Cors;
}): Door {
  const { services, gate, cors } = options;

  const refuse = (route: Route, status: 400 | 413 | 415, detail: string): Reply =>
    route.ofrep === true && status !== 415 ? ofrepError(status, "GENERAL", detail) : problem(status, detail);

  const refuseBody = (route: Route, { kind, detail, issues }: BadJson): Reply =>
    route.ofrep === true
      ? ofrepError(400, kind === "context" ? "INVALID_CONTEXT" : "PARSE_ERROR", detail)
      : problem(kind === "context" ? 422 : 400, detail, { issues });

  return {
    async serve(route, ask, readBody) {
      const answer = (reply: Reply): Reply =>
        route.crossOrigin === true ? withHeaders(reply, cors.headers(ask.header("origin"))) : reply;
      const values = readPath(route, ask.target.segments);
      if (values === undefined) return answer(problem(400, "the path holds a name that cannot be"));
      const admission = await gate.admit(ask, route.permission, values.set === "" ? undefined : values.set);
      if (!admission.ok) return answer(route.ofrep === true ? bare(admission.reply) : admission.reply);
      let body: unknown;
      let bytes: Uint8Array = NO_BYTES;
      if (route.body !== undefined) {
        const read = await readBody(bodyLimitOf(route, services.limits));
        if (!read.ok) return answer(refuse(route, read.status, read.detail));
        bytes = read.bytes;
        if (route.body !== "bytes") {
          const checked = checkJson(bytes, route.body, services.limits.jsonDepth);
          if (!checked.ok) return answer(refuseBody(route, checked));
          body = checked.value;
        }
      }
      const reply = route.handle(new RouteCall(ask, services, admission.principal, values, body, bytes));
      return answer(reply instanceof Promise ? await reply : reply);
    },
  };
}

function withHeaders(reply: Reply, crossOrigin: Readonly<Record<string, string>>): Reply {
  const { status, headers, body, bodyBytes } = reply;
  return { status, headers, crossOrigin, body, bodyBytes };
}

const NO_BYTES = new Uint8Array(0);
const NO_QUERY = new URLSearchParams();
const EMPTY_OBJECT = Buffer.from("{}");

interface PathValues {
  readonly set: string;
  readonly name: string;
  readonly tail: string;
}

class RouteCall implements Call<unknown> {
  readonly ask: Ask;
  readonly services: Services;
  readonly principal: Call<unknown>["principal"];
  readonly set: string;
  readonly name: string;
  readonly tail: string;
  readonly body: unknown;
  readonly bytes: Uint8Array;

  constructor(
    ask: Ask,
    services: Services,
    principal: Call<unknown>["principal"],
    values: PathValues,
    body: unknown,
    bytes: Uint8Array,
  ) {
    this.ask = ask;
    this.services = services;
    this.principal = principal;
    this.set = values.set;
    this.name = values.name;
    this.tail = values.tail;
    this.body = body;
    this.bytes = bytes;
  }

  get query(): URLSearchParams {
    const { query } = this.ask.target;
    return query === "" ? NO_QUERY : new URLSearchParams(query);
  }
}

interface BadJson {
  readonly ok: false;
  readonly kind: "json" | "context";
  readonly detail: string;
  readonly issues: readonly unknown[];
}

type CheckedJson = { readonly ok: true; readonly value: unknown } | BadJson;

function checkJson(bytes: Uint8Array, schema: z.ZodType, maxDepth: number): CheckedJson {
  const parsed = parseJson(bytes.length === 0 ? EMPTY_OBJECT : bytes, maxDepth);
  if (!parsed.ok) return { ok: false, kind: "json", detail: parsed.detail, issues: [] };
  const checked = schema.safeParse(parsed.value);
  if (checked.success) return { ok: true, value: checked.data };
  const issues = checked.error.issues.map(({ path, message }) => ({ path, message }));
  const first = issues[0];
  const detail =
    first === undefined ? "the body does not fit" : `${first.path.join(".") || "body"}: ${first.message}`;
  return { ok: false, kind: "context", detail, issues };
}

const templates = new WeakMap<Route, readonly string[]>();

/** The segments of a route's path as written in the table. */
export function templateOf(route: Route): readonly string[] {
  const known = templates.get(route) ?? route.path.slice(1).split("/");
  templates.set(route, known);
  return known;
}

function readPath(route: Route, segments: readonly string[]): PathValues | undefined {
  const values = { set: "", name: "", tail: "" };
  const template = templateOf(route);
  for (let index = 0; index < template.length; index += 1) {
    const part = template[index] ?? "";
    if (!part.startsWith("{")) continue;
    const value = decodeSegment(segments[index] ?? "");
    if (value === undefined || value === "") return undefined;
    if (part === "{set}") {
      if (!isSetName(value)) return undefined;
      values.set = value;
    } else if (part === "{revision}") values.tail = value;
    else values.name = value;
  }
  return values;
}

/** OFREP knows no body for 401, 403 and 429. */
function bare(reply: Reply): Reply {
  const { "content-type": _type, ...headers } = reply.headers ?? {};
  return { status: reply.status, headers };
}
