/** How one revision relates to another. Only decimal counters have an order; hashes are merely the same or different. */
export type RevisionOrder = "older" | "same" | "newer" | "different";

const decimal = /^\d{1,40}$/u;

/** Compares the revision that arrives with the one that is held. */
export function compareRevisions(arriving: string, held: string): RevisionOrder {
  if (arriving === held) return "same";
  if (!decimal.test(arriving) || !decimal.test(held)) return "different";
  const [a, b] = [BigInt(arriving), BigInt(held)];
  if (a === b) return "same";
  return a < b ? "older" : "newer";
}
