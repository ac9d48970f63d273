import { UsageError } from "../../command.ts";

/** Reads `--segment` and `--semver "appVersion < 2.3.1"`: the part of the users that is switched off. */
export function readPart(
  segment: string | undefined,
  semver: string | undefined,
): Readonly<Record<string, unknown>> {
  const match = /^([^\s=!<>~^]+)\s*(=|!=|<=|>=|<|>|~|\^)\s*(\S+)$/.exec(semver ?? "");
  if (semver !== undefined && match === null)
    throw new UsageError(
      `--semver is "${semver}"; it names an attribute, an operator and a version: "appVersion < 2.3.1".`,
    );
  return {
    ...(segment === undefined ? {} : { segment }),
    ...(match === null ? {} : { semver: { attribute: match[1], operator: match[2], version: match[3] } }),
  };
}
