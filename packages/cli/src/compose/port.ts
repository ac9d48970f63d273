import { UsageError } from "../command.ts";

/** A TCP port from text; 0 picks a free one. */
export function readPort(text: string | undefined, fallback: number): number {
  if (text === undefined || text === "") return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port is "${text}"; it is a number from 0 to 65535.`);
  return port;
}
