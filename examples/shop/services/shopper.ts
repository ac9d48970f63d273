import type { IncomingMessage } from "node:http";
import type { EvaluationContext } from "@openfeature/server-sdk";

const headerNames = {
  country: "x-country",
  plan: "x-plan",
  appVersion: "x-app-version",
  email: "x-email",
} as const;

/** Who is shopping, as an evaluation context: a stable targeting key and what the shop knows of the person. */
export function readShopper(request: IncomingMessage): EvaluationContext {
  const shopper: Record<string, string> = { targetingKey: readHeader(request, "x-user-id") ?? "anonymous" };
  for (const [attribute, header] of Object.entries(headerNames)) {
    const value = readHeader(request, header);
    if (value !== undefined) shopper[attribute] = value;
  }
  return shopper;
}

/** One header as text, or undefined where it is absent. */
export function readHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
