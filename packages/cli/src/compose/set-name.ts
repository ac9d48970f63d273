import { UsageError } from "../command.ts";

/** A flag set's name as control takes it; undefined stays so. */
export function readSetName(name: string): string;
export function readSetName(name: string | undefined): string | undefined;
export function readSetName(name: string | undefined): string | undefined {
  if (name === undefined || /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) return name;
  throw new UsageError(
    `"${name}" is no name for a flag set; it has up to 63 of a-z, 0-9, ".", "_" and "-", such as shop.prod.`,
  );
}
