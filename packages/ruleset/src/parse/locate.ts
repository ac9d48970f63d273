/** A position in a text, both from 1; columns count UTF-16 code units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

type Path = readonly (string | number)[];

/** Where the value at each path begins; for a path that leads nowhere, its nearest ancestor. The text must be JSON. */
export function locatePath(text: string, paths: readonly Path[]): readonly Place[] {
  const root: Target = { children: new Map(), offset: 0 };
  const targets = paths.map((path) => {
    let target = root;
    for (const key of path) {
      const name = String(key);
      const child: Target = target.children.get(name) ?? { children: new Map(), offset: -1, parent: target };
      target.children.set(name, child);
      target = child;
    }
    return target;
  });
  scan(text, root, new Set(targets));
  const placeAt = createPlaces(text);
  return targets.map((target) => {
    let nearest = target;
    while (nearest.offset < 0 && nearest.parent !== undefined) nearest = nearest.parent;
    return placeAt(nearest.offset);
  });
}

interface Target {
  readonly children: Map<string, Target>;
  offset: number;
  readonly parent?: Target;
}

interface Frame {
  readonly target: Target | undefined;
  readonly isList: boolean;
  index: number;
  key: string;
}

const TOKEN = /[{}[\],]|"(?:[^"\\]|\\.)*"|[^\s{}[\],":]+/gs;

/** Walks the tokens, without recursion, until it has noted where every wanted value begins. */
function scan(text: string, root: Target, wanted: Set<Target>): void {
  const frames: Frame[] = [];
  let expectsKey = false;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(text); token !== null && wanted.size > 0; token = TOKEN.exec(text)) {
    const frame = frames.at(-1);
    const first = token[0].charAt(0);
    if (first === "}" || first === "]") {
      frames.pop();
      expectsKey = false;
    } else if (first === ",") {
      if (frame?.isList === true) frame.index++;
      else expectsKey = true;
    } else if (expectsKey && frame !== undefined) {
      frame.key = frame.target === undefined ? "" : String(JSON.parse(token[0]));
      expectsKey = false;
    } else {
      const target =
        frame === undefined
          ? root
          : frame.target?.children.get(frame.isList ? String(frame.index) : frame.key);
      if (target !== undefined) {
        target.offset = token.index;
        wanted.delete(target);
      }
      if (first !== "{" && first !== "[") continue;
      frames.push({ target, isList: first === "[", index: 0, key: "" });
      expectsKey = first === "{";
    }
  }
}

/** Turns offsets into lines and columns. */
function createPlaces(text: string): (offset: number) => Place {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

const JSON_TOKEN =
  /[\t\n\r ]*(?:([{}[\],:])|("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
const WHITE_SPACE = /[\t\n\r ]*/y;

/** Where a text stops being JSON, and what stands there. */
export function locateSyntaxError(text: string): Place & { readonly found: string } {
  const open: string[] = [];
  // What may come next: a value, a key or `}` after `{`, a key after `,`, a colon, or what follows a value.
  let expected: "value" | "value or ]" | "key or }" | "key" | "colon" | "comma" = "value";
  let offset = 0;
  for (;;) {
    JSON_TOKEN.lastIndex = offset;
    const token = JSON_TOKEN.exec(text);
    const [whole = "", mark, string, scalar] = token ?? [];
    const next = step(expected, mark, string ?? scalar, string !== undefined, open);
    if (token === null || next === undefined) break;
    expected = next;
    offset += whole.length;
  }
  WHITE_SPACE.lastIndex = offset;
  offset += WHITE_SPACE.exec(text)?.[0].length ?? 0;
  const found =
    offset < text.length
      ? `unexpected ${JSON.stringify(text.slice(offset, offset + 12))}`
      : "the text ends too early";
  const wanted =
    open.length === 0 && expected === "comma"
      ? "the end of the text"
      : expected.replace("comma", "a comma or bracket");
  return { ...createPlaces(text)(offset), found: `${found}, expected ${wanted}` };
}

type Expected = "value" | "value or ]" | "key or }" | "key" | "colon" | "comma";

function step(
  expected: Expected,
  mark: string | undefined,
  literal: string | undefined,
  isString: boolean,
  open: string[],
): Expected | undefined {
  if (mark === "}" || mark === "]") {
    const closes = open.at(-1) === (mark === "}" ? "{" : "[");
    const mayClose = expected === "comma" || expected === (mark === "}" ? "key or }" : "value or ]");
    if (!closes || !mayClose) return undefined;
    open.pop();
    return "comma";
  }
  switch (expected) {
    case "value":
    case "value or ]":
      if (literal !== undefined) return "comma";
      if (mark !== "{" && mark !== "[") return undefined;
      open.push(mark);
      return mark === "{" ? "key or }" : "value or ]";
    case "key":
    case "key or }":
      return isString ? "colon" : undefined;
    case "colon":
      return mark === ":" ? "value" : undefined;
    case "comma":
      break;
  }
  if (mark !== "," || open.length === 0) return undefined;
  return open.at(-1) === "{" ? "key" : "value";
}
