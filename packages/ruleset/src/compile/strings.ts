import { concatenate } from "../evaluate/operators/strings.ts";
import { type Closure, type Code, toClosure } from "./closure.ts";

/** `starts_with` and `ends_with`. */
export function compileAffix(name: string): (args: readonly Code[]) => Closure | undefined {
  const matches =
    name === "starts_with"
      ? (text: string, part: string) => text.startsWith(part)
      : (text: string, part: string) => text.endsWith(part);
  return (args) => {
    if (args.length !== 2) return undefined;
    const literal = args[1]?.kind === "constant" ? args[1].value : undefined;
    const [a, b] = args.map(toClosure) as [Closure, Closure];
    if (typeof literal === "string") return compileLiteral(name, a, literal);
    return (context, run) => {
      const text = a(context, run);
      const part = b(context, run);
      return typeof text === "string" && typeof part === "string" ? matches(text, part) : null;
    };
  };
}

/** Two closures rather than one with a function inside: the engine inlines what it knows. */
function compileLiteral(name: string, value: Closure, part: string): Closure {
  if (name === "starts_with") {
    return (context, run) => {
      const text = value(context, run);
      return typeof text === "string" ? text.startsWith(part) : null;
    };
  }
  return (context, run) => {
    const text = value(context, run);
    return typeof text === "string" ? text.endsWith(part) : null;
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
