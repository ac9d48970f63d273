import { createHmac } from "node:crypto";

/** Turns targeting keys into unit ids that say nothing without the set's secret. */
export type UnitOf = (targetingKey: string) => string;

const REMEMBERED = 10_000;

/** HMAC-SHA-256 of the targeting key, its first 96 bits in base64url; the last ten thousand are remembered. */
export function createUnitOf(secret: Uint8Array): UnitOf {
  const known = new Map<string, string>();
  return (targetingKey) => {
    const remembered = known.get(targetingKey);
    if (remembered !== undefined) return remembered;
    const unit = createHmac("sha256", secret)
      .update(targetingKey)
      .digest()
      .subarray(0, 12)
      .toString("base64url");
    if (known.size >= REMEMBERED) {
      const oldest = known.keys().next();
      if (!oldest.done) known.delete(oldest.value);
    }
    known.set(targetingKey, unit);
    return unit;
  };
}
