/** A value with one thing wrong, or at least different, and what that is. */
export interface Mutation {
  readonly title: string;
  readonly value: unknown;
}

const strangers: readonly (readonly [string, unknown])[] = [
  ["a number", 7],
  ["null", null],
  ["an empty text", ""],
  ["a blank text", " "],
  ["a list", []],
  ["an object", {}],
  ["a truth", true],
];

/** Every way in which one member of a value, at any depth, is left out, exchanged for something of another kind, or joined by a stranger. */
export function mutate(value: unknown, path = ""): readonly Mutation[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const entries = Object.entries(value);
  const joined = { title: `${path}/stranger added`, value: { ...value, stranger: 1 } };
  return [
    joined,
    ...entries.flatMap(([name, member]) => {
      const at = `${path}/${name}`;
      const { [name]: _left, ...rest } = value as Record<string, unknown>;
      return [
        { title: `${at} left out`, value: rest },
        ...strangers.map(([what, other]) => ({
          title: `${at} is ${what}`,
          value: { ...value, [name]: other },
        })),
        ...mutate(member, at).map((inner) => ({ ...inner, value: { ...value, [name]: inner.value } })),
      ];
    }),
  ];
}
