/** Small documents and logs that outlive the process. Declared here, satisfied by control's stores. */
export interface Documents {
  list(
    kind: string,
  ): Promise<readonly { readonly id: string; readonly version: number; readonly body: unknown }[]>;
  /** Writes if the stored version is `expectedVersion` (`null`: must not exist yet); answers the new version. */
  put(kind: string, id: string, body: unknown, expectedVersion: number | null): Promise<number | "conflict">;
  append(kind: string, id: string, body: unknown): Promise<void>;
  /** Entries of a log after a place in it, oldest first. */
  read(
    kind: string,
    id: string,
    after: number,
    limit: number,
  ): Promise<readonly { readonly seq: number; readonly body: unknown }[]>;
  /** A number while the lease is held; undefined while somebody else holds it. */
  acquireLease(name: string, owner: string, ttlMs: number): Promise<number | undefined>;
}
