import { readVersion, versionRelations } from "../evaluate/operators/sem-ver.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";

/** `sem_ver` against a literal version, which is parsed once. */
export function compileSemVer(args: readonly Code[]): Closure | undefined {
  const [left, operator, right] = args;
  if (args.length !== 3 || left === undefined) return undefined;
  if (operator?.kind !== "constant" || right?.kind !== "constant") return undefined;
  const relation = versionRelations.get(operator.value as string);
  const limit = readVersion(right.value);
  const value = toClosure(left);
  return (context, run) => {
    const version = readVersion(value(context, run));
    return version === undefined || relation === undefined || limit === undefined
      ? null
      : relation(version, limit);
  };
}
