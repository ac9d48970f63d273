import { describe, expect, it } from "vitest";
import { createAttributeReader, readerOf } from "./attribute-readers.ts";
import { compile } from "./compile.ts";
import { runOf } from "./general-forms.test-support.ts";

const names = Array.from({ length: 14 }, (_, i) => `attribute${i}`);

/** A context whose attribute counts how often it is read. */
function counted(value: unknown): {
  readonly context: Record<string, unknown>;
  readonly reads: () => number;
} {
  let reads = 0;
  const context = {
    get a() {
      reads++;
      return value;
    },
  };
  return { context, reads: () => reads };
}

function read(context: Record<string, unknown>, key = "a"): unknown {
  return createAttributeReader(key)(context, runOf(context));
}

describe("attribute readers", () => {
  // First of all: the places in the source are given to the names as they come.
  it("gives eleven names a reader of their own, and the names beyond one together; the interpreter's names none", () => {
    compile({ map: [[], names.map((name) => ({ var: `within ${name}` }))] });
    compile({ unknown: names.map((name) => ({ var: `within ${name}` })) });
    const readers = names.map(readerOf);
    expect(new Set(readers.slice(0, 11)).size).toBe(11);
    expect(new Set(readers.slice(11)).size).toBe(1);
    expect(readers.slice(0, 11)).not.toContain(readers[11]);
    expect(names.map(readerOf)).toStrictEqual(readers);
  });

  it("reads each name's own attribute", () => {
    const context = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
    expect(names.map((name) => read(context, name))).toStrictEqual(Object.values(context));
  });

  it("reads a short text once, without looking whether it is the context's own", () => {
    const { context, reads } = counted("x".repeat(64));
    expect(read(context)).toBe("x".repeat(64));
    expect(reads()).toBe(1);
  });

  it.each<[string, unknown, unknown]>([
    ["a number", 1, 1],
    ["a list", ["x"], ["x"]],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["what JSON cannot say", Number.NaN, null],
    ["nothing", undefined, null],
    ["a long text", "x".repeat(65), "x".repeat(65)],
  ])("reads %s as JSON would carry it", (_title, value, expected) => {
    const { context, reads } = counted(value);
    expect(read(context)).toStrictEqual(expected);
    expect(reads()).toBe(2);
  });

  it("charges for a long text only", () => {
    const run = runOf();
    createAttributeReader("a")({ a: "x".repeat(64) }, run);
    expect(run.work).toBe(0);
    createAttributeReader("a")({ a: "x".repeat(65) }, run);
    expect(run.work).toBe(130);
  });

  it.each<[string, Record<string, unknown>, unknown]>([
    ["an inherited text is not there", Object.create({ a: "x" }) as Record<string, unknown>, null],
    ["an own text below another prototype is", Object.assign(Object.create({ a: "x" }), { a: "y" }), "y"],
    ["an own text below none is", Object.assign(Object.create(null), { a: "y" }), "y"],
    ["an absent one is not", {}, null],
  ])("%s", (_title, context, expected) => {
    expect(read(context)).toBe(expected);
  });

  it("takes no text from Object.prototype, whoever put it there", () => {
    const above = Object.prototype as unknown as Record<string, unknown>;
    Object.defineProperty(above, "planted", { value: "x", configurable: true });
    try {
      expect(read({}, "planted")).toBeNull();
      expect(read({ ["planted"]: "y" }, "planted")).toBe("y");
    } finally {
      delete above["planted"];
    }
  });
});
