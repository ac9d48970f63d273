/** Versioned documents, append-only logs and leases: the port behind which the guard keeps its memory. Control's stores satisfy it. */
export interface DocumentStore {
  list(
    kind: string,
  ): Promise<readonly { readonly id: string; readonly version: number; readonly body: unknown }[]>;
  /** Writes if the stored version is `expectedVersion` (`null`: must not exist yet). */
  put(kind: string, id: string, body: unknown, expectedVersion: number | null): Promise<number | "conflict">;
  append(kind: string, id: string, body: unknown): Promise<void>;
  read(
    kind: string,
    id: string,
    after: number,
    limit: number,
  ): Promise<readonly { readonly seq: number; readonly body: unknown }[]>;
  /** A fencing token that grows with each new holder; undefined while somebody else holds the lease. */
  acquireLease(name: string, owner: string, ttlMs: number): Promise<number | undefined>;
}
