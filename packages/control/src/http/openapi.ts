import { z } from "zod";

import type { Permission } from "./gate.ts";
import type { Route } from "./route.ts";

/** The two routes that stream; they are served beside the table. */
const STREAMS = [
  {
    path: "/v1/rulesets/{set}/stream",
    summary: "The ruleset as it changes: snapshot, then patches",
    permission: ["sync"] as Permission,
    query: { instance: "Who listens; the same as in POST …/applied." },
  },
  {
    path: "/ofrep/v1/stream",
    summary: "Tells an OFREP client when to fetch again",
    permission: "public" as Permission,
    query: { token: "From `eventStreams` of a bulk answer: one connection, within sixty seconds." },
  },
];

const PROBLEM = {
  description: "What is wrong and what would fix it",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

/** Describes the table of routes as OpenAPI 3.1; it cannot say anything else than what is served. */
export function createOpenApi(routes: readonly Route[]): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const operations = (paths[route.path] ??= {});
    operations[route.method.toLowerCase()] = describeRoute(route);
  }
  for (const { path, summary, permission, query } of STREAMS) {
    paths[path] = {
      get: {
        operationId: operationId("get", path),
        summary,
        security: securityOf(permission),
        parameters: [...pathParameters(path), ...queryParameters(query)],
        responses: { 200: { description: "events", content: { "text/event-stream": {} } }, default: PROBLEM },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Flagspan control",
      version: "1",
      description: "Stores rulesets and their audit log, serves them, takes commands.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "fs_<id>.<secret>, made by flagspan keys" },
      },
      schemas: {
        Problem: {
          type: "object",
          required: ["title", "status", "detail"],
          properties: { title: { type: "string" }, status: { type: "integer" }, detail: { type: "string" } },
        },
      },
    },
  };
}

function describeRoute(route: Route): Record<string, unknown> {
  const parameters = [...pathParameters(route.path), ...queryParameters(route.query ?? {})];
  return {
    operationId: operationId(route.method.toLowerCase(), route.path),
    summary: route.summary,
    security: securityOf(route.permission),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: describeBody(route.body) }),
    responses: { "2XX": { description: route.answers }, default: PROBLEM },
  };
}

function describeBody(body: z.ZodType | "bytes"): Record<string, unknown> {
  if (body === "bytes") return { required: true, content: { "*/*": {} } };
  const { $schema: _dialect, ...schema } = z.toJSONSchema(body, { io: "input", unrepresentable: "any" });
  return { required: true, content: { "application/json": { schema } } };
}

function securityOf(permission: Permission): readonly Record<string, readonly string[]>[] {
  return permission === "public" ? [] : permission.map((scope) => ({ key: [scope] }));
}

function pathParameters(path: string): readonly Record<string, unknown>[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: Readonly<Record<string, string>>): readonly Record<string, unknown>[] {
  return Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function operationId(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "" && word !== "v1");
  return [method, ...words.map((word) => word[0]?.toUpperCase() + word.slice(1))].join("");
}
