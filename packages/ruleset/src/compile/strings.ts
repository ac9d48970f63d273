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
    const [a, b] = args.map(toClosure) as [Closure, Closure];
    return (context, run) => {
      const text = a(context, run);
      const part = b(context, run);
      return typeof text === "string" && typeof part === "string" ? matches(text, part) : null;
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
