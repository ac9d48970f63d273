import { concatenate } from "../evaluate/operators/strings.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";

/**
 * `starts_with` and `ends_with` of a literal part. Two closures rather than one with a function inside: the engine
 * inlines what it knows.
 */
export function compileAffix(name: string): (args: readonly Code[]) => Closure | undefined {
  return (args) => {
    if (args.length !== 2) return undefined;
    const [subject, part] = args as readonly [Code, Code];
    if (part.kind !== "constant" || typeof part.value !== "string") return undefined;
    const literal = part.value;
    const read = toClosure(subject);
    if (name === "starts_with") {
      return (context, run) => {
        const text = read(context, run);
        return typeof text === "string" ? text.startsWith(literal) : null;
      };
    }
    return (context, run) => {
      const text = read(context, run);
      return typeof text === "string" ? text.endsWith(literal) : null;
    };
  };
}

/** `cat` of a list. */
export function compileCat(args: readonly Code[]): Closure {
  const closures = args.map(toClosure);
  return (context, run) =>
    concatenate(
      closures.map((closure) => closure(context, run)),
      run,
    );
}
