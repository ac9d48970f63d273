import { Unreadable } from "../unreadable.ts";

const utf8 = new TextDecoder();

/** Walks the bytes of one protobuf message; every read is checked against the end of the message. */
export class Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at: number;
  private readonly end: number;

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.end = end;
  }

  /** Whether bytes are left. */
  get more(): boolean {
    return this.at < this.end;
  }

  /** An unsigned number of at most 53 bits: lengths, field tags, small counts. */
  varint(): number {
    const value = this.varint64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Unreadable(`a number at byte ${this.at} is too large`);
    return Number(value);
  }

  /** An unsigned 64-bit number. */
  varint64(): bigint {
    let low = 0;
    let shift = 0;
    // Seven bytes fit a double without loss; nearly all varints end here.
    for (; shift < 49; shift += 7) {
      const byte = this.byte();
      low += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (; shift < 70; shift += 7) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Unreadable(`a number at byte ${this.at} has no end`);
  }

  /** A signed 64-bit number; those outside 53 bits lose their last digits. */
  int64(): number {
    return Number(BigInt.asIntN(64, this.varint64()));
  }

  /** An unsigned 64-bit number in eight bytes. */
  fixed64(): bigint {
    return this.view.getBigUint64(this.skip(8), true);
  }

  /** A signed 64-bit number in eight bytes. */
  sfixed64(): bigint {
    return this.view.getBigInt64(this.skip(8), true);
  }

  /** A 64-bit float. */
  double(): number {
    return this.view.getFloat64(this.skip(8), true);
  }

  /** Text, with its length in front. */
  string(): string {
    const length = this.varint();
    const start = this.skip(length);
    return utf8.decode(this.bytes.subarray(start, start + length));
  }

  /** Bytes as lower-case hex, with their length in front. */
  hex(): string {
    const length = this.varint();
    const start = this.skip(length);
    let text = "";
    for (let at = start; at < start + length; at += 1)
      text += (this.bytes[at] as number).toString(16).padStart(2, "0");
    return text;
  }

  /** A reader over a nested message, with its length in front. */
  message(): Reader {
    const length = this.varint();
    const start = this.skip(length);
    return new Reader(this.bytes, start, start + length);
  }

  /** Passes over a field that is not known. */
  pass(wireType: number): void {
    if (wireType === 0) this.varint64();
    else if (wireType === 1) this.skip(8);
    else if (wireType === 2) this.skip(this.varint());
    else if (wireType === 5) this.skip(4);
    else throw new Unreadable(`wire type ${wireType} at byte ${this.at} is not one of OTLP's`);
  }

  private byte(): number {
    return this.bytes[this.skip(1)] as number;
  }

  private skip(length: number): number {
    const start = this.at;
    if (start + length > this.end) throw new Unreadable(`it ends in the middle of a field at byte ${start}`);
    this.at = start + length;
    return start;
  }
}
