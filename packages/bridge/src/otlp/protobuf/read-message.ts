import { maxDepth } from "../limits.ts";
import { Unreadable } from "../unreadable.ts";
import type { Message, ScalarKind } from "./messages.ts";
import { Reader } from "./reader.ts";

/** Reads a protobuf message into the object that OTLP/JSON would have given, unknown fields passed over. */
export function readMessage(reader: Reader, message: Message, depth: number = 0): Record<string, unknown> {
  if (depth > maxDepth) throw new Unreadable(`it nests deeper than ${maxDepth} levels`);
  const object: Record<string, unknown> = {};
  while (reader.more) {
    const tag = reader.varint();
    const wireType = tag & 7;
    const field = message[Math.floor(tag / 8)];
    if (field === undefined) {
      reader.pass(wireType);
    } else if (field.kind === "message") {
      expect(field.name, wireType, 2);
      const value = readMessage(reader.message(), field.of(), depth + 1);
      if (field.repeated === true) append(object, field.name, value);
      else object[field.name] = value;
    } else if (field.repeated === true && wireType === 2) {
      const packed = reader.message();
      while (packed.more) append(object, field.name, readScalar(packed, field.kind));
    } else {
      expect(field.name, wireType, wireTypes[field.kind]);
      const value = readScalar(reader, field.kind);
      if (field.repeated === true) append(object, field.name, value);
      else object[field.name] = value;
    }
  }
  return object;
}

const wireTypes: Readonly<Record<ScalarKind, number>> = {
  string: 2,
  hex: 2,
  bool: 0,
  int64: 0,
  uint: 0,
  fixed64: 1,
  sfixed64: 1,
  double: 1,
};

function expect(name: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Unreadable(`field ${name} has wire type ${found}, not ${wanted}`);
}

function append(object: Record<string, unknown>, name: string, value: unknown): void {
  const list = object[name];
  if (Array.isArray(list)) list.push(value);
  else object[name] = [value];
}

const readers: Readonly<Record<ScalarKind, (reader: Reader) => unknown>> = {
  string: (reader) => reader.string(),
  hex: (reader) => reader.hex(),
  bool: (reader) => reader.varint64() !== 0n,
  int64: (reader) => reader.int64(),
  uint: (reader) => reader.varint(),
  fixed64: (reader) => reader.fixed64(),
  sfixed64: (reader) => reader.sfixed64(),
  double: (reader) => reader.double(),
};

function readScalar(reader: Reader, kind: ScalarKind): unknown {
  return readers[kind](reader);
}
