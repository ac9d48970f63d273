import { didYouMean } from "../did-you-mean.ts";
import { readVersion, versionRelations } from "../evaluate/operators/sem-ver.ts";
import { type Check, isLiteral } from "./check.ts";

/** `sem_ver` with something that is no version or no relation: it yields null, so its condition never holds. */
export const versions: Check = ({ operations, report }) => {
  for (const operation of operations) {
    if (operation.name !== "sem_ver") continue;
    const { args, list } = operation;
    const at = (step?: number): readonly (string | number)[] => [
      ...operation.path,
      "sem_ver",
      ...(step === undefined ? [] : [step]),
    ];
    if (!Array.isArray(args) || list.length !== 3) {
      report({
        code: "invalid-arguments",
        severity: "error",
        path: at(),
        message: "sem_ver needs [version, operator, version]; it yields null",
      });
      continue;
    }
    const [, relation] = list;
    if (isLiteral(relation) && (typeof relation !== "string" || !versionRelations.has(relation))) {
      const known = [...versionRelations.keys()];
      const message = `sem_ver knows ${known.join(" ")}, not ${JSON.stringify(relation)}; it yields null`;
      const suggestion =
        typeof relation === "string" && relation.startsWith("=")
          ? "="
          : didYouMean(JSON.stringify(relation), known);
      report({
        code: "invalid-arguments",
        severity: "error",
        path: at(1),
        message,
        didYouMean: suggestion,
      });
    }
    for (const i of [0, 2]) {
      const version = list[i];
      if (!isLiteral(version) || readVersion(version) !== undefined) continue;
      const message = `${JSON.stringify(version)} is no semantic version; sem_ver yields null`;
      report({ code: "invalid-version", severity: "error", path: at(i), message });
    }
  }
};
