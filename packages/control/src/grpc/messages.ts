/**
 * The messages of `flagd.sync.v1` by hand: each is one or two strings, which needs no generated code.
 * Source: flagd schemas, `flagd/sync/v1/sync.proto`.
 */

/** `SyncFlagsRequest` and `FetchAllFlagsRequest`: `string provider_id = 1; string selector = 2;` */
export interface SyncRequest {
  readonly selector: string;
}

const STRING_WIRE_TYPE = 2;

/** Reads a request; fields it does not know are passed over. */
export function decodeSyncRequest(bytes: Buffer): SyncRequest {
  let selector = "";
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; offset < bytes.length && shift < 35; shift += 7) {
      const byte = bytes[offset] ?? 0;
      offset += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (offset < bytes.length) {
    const tag = varint();
    // Both messages hold strings only; anything else is from a future this does not need to understand.
    if ((tag & 7) !== STRING_WIRE_TYPE) break;
    const length = varint();
    if (tag >> 3 === 2) selector = bytes.toString("utf8", offset, offset + length);
    offset += length;
  }
  return { selector };
}

/** Writes `SyncFlagsResponse` or `FetchAllFlagsResponse`: `string flag_configuration = 1;` */
export function encodeFlagConfiguration(flagConfiguration: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = flagConfiguration.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([(1 << 3) | STRING_WIRE_TYPE, ...length]), flagConfiguration]);
}
