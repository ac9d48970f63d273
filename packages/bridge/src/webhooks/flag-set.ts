/**
 * Names the flag set of a vendor's project and environment: what the configuration says for `project/environment`, for `environment`,
 * or for `project`; else both joined by a dot and made to fit `[a-z0-9][a-z0-9._-]{0,62}`.
 */
export function nameFlagSet(
  sets: Readonly<Record<string, string>>,
  project: string | undefined,
  environment: string | undefined,
): string {
  const candidates = [`${project ?? ""}/${environment ?? ""}`, environment, project];
  for (const candidate of candidates) {
    const set = candidate === undefined || !Object.hasOwn(sets, candidate) ? undefined : sets[candidate];
    if (set !== undefined) return set;
  }
  const joined = [project, environment].filter((part) => part !== undefined && part !== "").join(".");
  const fitted = joined
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 63);
  return fitted === "" ? "default" : fitted;
}
