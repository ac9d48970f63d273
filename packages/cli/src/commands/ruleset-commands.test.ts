import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { CommandIo } from "../command.ts";
import type { CommandTable } from "../commands.ts";
import { runCommandLine } from "../run.ts";
import { checkCommand } from "./check/index.ts";
import { diffCommand } from "./diff/index.ts";
import { evalCommand } from "./eval/index.ts";
import { explainCommand } from "./explain/index.ts";

const commands: CommandTable = {
  check: async () => checkCommand,
  eval: async () => evalCommand,
  explain: async () => explainCommand,
  diff: async () => diffCommand,
};

/** Runs a command line over files in memory. */
async function run(
  line: readonly string[],
  files: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let out = "";
  let err = "";
  const io: CommandIo = {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    readFile: async (path) => {
      const file = files[path.slice("/here/".length)];
      if (file === undefined)
        throw Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT", path });
      if (file instanceof Error) throw file;
      return typeof file === "string" ? file : JSON.stringify(file, null, 2);
    },
    env: {},
    cwd: "/here",
    now: () => Date.parse("2026-03-01T12:00:00Z"),
    isTTY: false,
    signal: new AbortController().signal,
  };
  const code = await runCommandLine(line, commands, io, "0.0.0");
  return { code, out, err };
}

const onOff = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
const shop = {
  $evaluators: { internal: { ends_with: [{ var: "email" }, "@example.com"] } },
  flags: {
    "dark-mode": { ...onOff, targeting: { if: [{ $ref: "internal" }, "on"] } },
    limit: { state: "ENABLED", variants: { low: 1, high: 10 }, defaultVariant: "low" },
  },
};
const broken = {
  flags: {
    "dark-mode": { ...onOff, targeting: { if: [{ "==": [{ var: "plan" }, "pro"] }, "onn", "off"] } },
    oops: { state: "ON", variants: { on: true } },
  },
};

describe("bad input", () => {
  const files = {
    "shop.json": shop,
    "text.json": '{\n  "flags": {,\n}',
    "yaml.json": "flags:\n  a: {}\n",
    "typo.json": { flagz: {} },
    "list.json": [1],
    "bad.yaml": "flags:\n  a: [1\n",
    "bomb.yaml": `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${"*a,".repeat(20)}*a]\nflags: {c: [${"*b,".repeat(20)}*b]}\n`,
    "folder.json": Object.assign(new Error("x"), { code: "EISDIR" }),
    "closed.json": Object.assign(new Error("x"), { code: "EACCES" }),
    "context.json": "[]",
    "contexts.json": "{}",
    "lines.jsonl": '{"a": 1}\nnope\n',
  };
  test.each<[string, readonly string[], RegExp]>([
    ["a missing file", ["check", "none.json"], /none\.json does not exist; check the path\./],
    ["a folder", ["check", "folder.json"], /folder\.json is a folder; name a file in it\./],
    ["a closed file", ["check", "closed.json"], /may not be read; change its permissions\./],
    ["no JSON", ["check", "text.json"], /text\.json:2:13: not JSON: unexpected ",.*; correct it there/],
    ["YAML in a JSON file", ["eval", "yaml.json"], /yaml\.json:1:1: not JSON: .*name the file \.yaml/],
    ["no YAML", ["check", "bad.yaml"], /bad\.yaml:\d+:\d+: not YAML: /],
    ["a YAML bomb", ["check", "bomb.yaml"], /bomb\.yaml: not usable YAML: .*alias/],
    [
      "no flags",
      ["explain", "typo.json", "a"],
      /typo\.json:1:1: .*no "flags"; did you mean "flags" where it says "flagz"\?/,
    ],
    ["no object", ["diff", "shop.json", "list.json"], /list\.json:1:1: a ruleset must be an object/],
    ["no file", ["check"], /name a ruleset file: `flagspan check flags\.json`/],
    ["one file to compare", ["diff", "shop.json"], /name two ruleset files/],
    [
      "an unknown option",
      ["check", "shop.json", "--stric"],
      /Unknown option '--stric'.*flagspan check --help/,
    ],
    ["a base without policy", ["check", "shop.json", "--base", "shop.json"], /--base needs --policy/],
    [
      "an unknown flag",
      ["eval", "shop.json", "dark-mod"],
      /shop\.json has no flag "dark-mod"; did you mean "dark-mode"\?/,
    ],
    [
      "a flag like no other",
      ["explain", "shop.json", "zzzzzzzzz"],
      /has no flag "zzzzzzzzz"; it has dark-mode, limit\./,
    ],
    ["too many words", ["eval", "shop.json", "limit", "limit"], /"limit" is one too many/],
    ["no type", ["eval", "shop.json", "limit", "--type", "bool"], /--type bool: choose from boolean, string/],
    ["no time", ["eval", "shop.json", "--at", "noon"], /--at noon: write a time such as 2026/],
    ["no attribute", ["eval", "shop.json", "-c", "=x"], /--context =x: write it as name=value/],
    [
      "a context that is a list",
      ["eval", "shop.json", "--context-file", "context.json"],
      /context\.json is not a context; write an object/,
    ],
    [
      "contexts that are no list",
      ["diff", "shop.json", "shop.json", "--contexts", "contexts.json"],
      /not a list of contexts/,
    ],
    [
      "a broken line",
      ["diff", "shop.json", "shop.json", "--contexts", "lines.jsonl"],
      /lines\.jsonl:2:1: not JSON: .*; correct it there/,
    ],
  ])("%s is told in one line that says what to do, with exit code 2", async (_, line, expected) => {
    const { code, out, err } = await run(line, files);
    expect(err).toMatch(expected);
    expect([code, out, err.trimEnd().split("\n").length]).toEqual([2, "", 1]);
  });
});

describe("flagspan check", () => {
  test("is content with a good ruleset", async () => {
    const { code, out } = await run(["check", "shop.json"], { "shop.json": shop });
    expect([code, out]).toEqual([0, "shop.json: 2 flags, nothing to complain about\n"]);
  });

  test("points at what is wrong, names what was meant, and exits with 1", async () => {
    const { code, out } = await run(["check", "broken.json"], { "broken.json": broken });
    expect(code).toBe(1);
    expect(out).toContain('oops: state must be "ENABLED" or "DISABLED" [invalid-state]');
    expect(out).toMatch(/"onn".*did you mean "on"\?.*\[unknown-variant\]/);
    expect(out).toMatch(/at broken\.json:(\d+):\d+\n {2}\d+ \| .*\n> \1 \| +"onn",\n +\| +\^\n/);
    expect(out).toMatch(/2 errors, 0 warnings\n$/);
  });

  test("points into YAML", async () => {
    const text = "flags:\n  a:\n    state: ON\n    variants: { x: 1 }\n";
    const { code, out } = await run(["check", "a.yaml"], { "a.yaml": text });
    expect(code).toBe(1);
    expect(out).toContain("at a.yaml:3:12\n  2 |   a:\n> 3 |     state: ON\n    |            ^\n  4 |");
  });

  test("fails for warnings only if asked to", async () => {
    const files = { "w.json": { flags: { w: { ...onOff, variants: { on: true, off: "false" } } } } };
    expect((await run(["check", "w.json"], files)).code).toBe(0);
    const strict = await run(["check", "w.json", "--strict"], files);
    expect(strict.code).toBe(1);
    expect(strict.out).toContain("0 errors, 1 warning\n");
  });

  test("gives one JSON document for several files", async () => {
    const files = { "shop.json": shop, "broken.json": broken };
    const { code, out } = await run(["check", "shop.json", "broken.json", "--json"], files);
    const report = JSON.parse(out) as {
      errors: number;
      files: { file: string; flags: number; issues: object[] }[];
    };
    expect(code).toBe(1);
    expect(report.errors).toBe(2);
    expect(report.files.map(({ file, flags, issues }) => [file, flags, issues.length])).toEqual([
      ["shop.json", 2, 0],
      ["broken.json", 2, 2],
    ]);
    expect(report.files[1]?.issues).toContainEqual(
      expect.objectContaining({ code: "invalid-state", line: 26 }),
    );
  });

  test("shows fifty issues of a file and counts the rest", async () => {
    const flags = Object.fromEntries(Array.from({ length: 53 }, (_, index) => [`f${index}`, { state: "?" }]));
    const { out } = await run(["check", "many.json"], { "many.json": { flags } });
    expect(out.match(/^error: /gm)).toHaveLength(50);
    expect(out).toMatch(/many\.json: … and 3 more; --json lists all\n53 errors, 0 warnings\n$/);
  });

  test("lets no control character of a file reach the terminal", async () => {
    const { out } = await run(["check", "e.json"], {
      "e.json": { flags: { "\u001b[2J": { state: "\u001b[31m" } } },
    });
    expect(out).not.toContain("\u001b");
  });
});

describe("flagspan check --policy", async () => {
  const policy = await readFile(new URL("../../policy.example.yaml", import.meta.url), "utf8");
  const good = { kind: "release", owner: "ada", ticket: "SHOP-1", expires: "2026-04-01" };
  const flagWith = (metadata: object, more: object = {}): object => ({ ...onOff, ...more, metadata });

  test("is content with flags that keep to the example policy", async () => {
    const files = {
      "p.yaml": policy,
      "f.json": {
        flags: {
          "new-checkout": flagWith(good),
          "ops-read-only": flagWith({ kind: "ops", owner: "a", description: "b" }),
        },
      },
    };
    const { code, out } = await run(["check", "f.json", "--policy", "p.yaml"], files);
    expect([code, out]).toEqual([0, "f.json: 2 flags, nothing to complain about\n"]);
  });

  test.each<[string, string, object, RegExp, number]>([
    [
      "a key of another form",
      "New_Checkout",
      good,
      /New_Checkout: the key must match .*, such as "new-checkout" \(words/,
      1,
    ],
    [
      "a kind that is missing",
      "a",
      { owner: "ada" },
      /metadata\.kind is missing; choose from release, experiment/,
      1,
    ],
    [
      "a kind with a typing slip",
      "a",
      { owner: "ada", kind: "relase" },
      /"relase" is not known.*did you mean "release"\?/,
      1,
    ],
    ["an owner that is missing", "a", { ...good, owner: " " }, /metadata\.owner is missing; add it/, 1],
    ["a ticket that is missing", "a", { ...good, ticket: "" }, /metadata\.ticket is missing/, 1],
    [
      "an expiry that is no date",
      "a",
      { ...good, expires: "soon" },
      /"soon" is no date; write 2026-01-31/,
      1,
    ],
    ["an expiry that is too far", "a", { ...good, expires: "2026-12-31" }, /more than 90 days ahead/, 1],
    [
      "a flag that expired lately",
      "a",
      { ...good, expires: "2026-02-20" },
      /warning: a: expired on 2026-02-20; remove/,
      0,
    ],
    [
      "a flag that expired long ago",
      "a",
      { ...good, expires: "2026-02-01" },
      /error: a: expired on 2026-02-01/,
      1,
    ],
  ])("tells of %s, at its line", async (_, key, metadata, expected, exit) => {
    const files = { "p.yaml": policy, "f.json": { flags: { [key]: flagWith(metadata) } } };
    const { code, out } = await run(["check", "f.json", "--policy", "p.yaml"], files);
    expect(out).toMatch(expected);
    expect(out).toMatch(/at f\.json:\d+:\d+\n/);
    expect(code).toBe(exit);
  });

  test("is content with a flag on its last day", async () => {
    const files = {
      "p.yaml": policy,
      "f.json": { flags: { a: flagWith({ ...good, expires: "2026-03-01" }) } },
    };
    expect((await run(["check", "f.json", "--policy", "p.yaml"], files)).code).toBe(0);
  });

  const share = (on: number): object => ({
    flags: {
      a: flagWith(good, {
        targeting: {
          fractional: [
            ["on", on],
            ["off", 100 - on],
          ],
        },
      }),
    },
  });
  const whole = (defaultVariant: string): object => ({ flags: { a: flagWith(good, { defaultVariant }) } });
  test.each<[string, object, object, number, RegExp]>([
    ["a small step", share(5), share(30), 0, /nothing to complain/],
    ["a jump", share(5), share(31), 1, /"on" grows from 5 % to 31 % at once; .* go to 30 % first/],
    ["a jump from nothing", whole("off"), share(50), 1, /from 0 % to 50 %/],
    ["a jump of the default", whole("off"), whole("on"), 1, /from 0 % to 100 %/],
    ["going back at once", share(90), whole("off"), 0, /nothing to complain/],
    ["a new flag", { flags: {} }, whole("on"), 0, /nothing to complain/],
  ])("measures %s from the base", async (_, before, after, exit, expected) => {
    const files = { "p.yaml": policy, "before.json": before, "after.json": after };
    const { code, out } = await run(
      ["check", "after.json", "--policy", "p.yaml", "--base", "before.json"],
      files,
    );
    expect(out).toMatch(expected);
    expect(code).toBe(exit);
  });

  test.each<[string, string, RegExp]>([
    [
      "an unknown name",
      "maximumJumps: 3",
      /p\.yaml: the policy has an unknown property "maximumJumps"; did you mean "maximumJump"\?/,
    ],
    [
      "a name within a kind",
      "kinds: {ops: {requires: []}}",
      /kinds\.ops has an unknown property "requires"; did you mean "require"\?/,
    ],
    ["no expression", 'default: {key: "("}', /default\.key\.pattern is not a regular expression/],
    [
      "an example that does not match",
      "default: {key: {pattern: a, example: b}}",
      /default\.key\.example "b" does not match/,
    ],
    ["a wrong number", "maximumJump: lots", /maximumJump must be a number/],
    ["a wrong list", "default: {require: owner}", /default\.require must be a list of metadata names/],
    ["a list", "[1]", /the policy must be an object/],
    ["a wrong switch", "requireKind: 1", /requireKind must be true or false/],
    ["kinds that are a list", "kinds: [a]", /kinds must be an object by kind/],
    ["no YAML", "kinds: [", /p\.yaml:\d+:\d+: not YAML/],
  ])("refuses a policy with %s", async (_, text, expected) => {
    const { code, err } = await run(["check", "f.json", "--policy", "p.yaml"], {
      "p.yaml": text,
      "f.json": shop,
    });
    expect(err).toMatch(expected);
    expect(code).toBe(2);
  });
});

describe("flagspan eval", () => {
  const files = {
    "shop.json": shop,
    "c.json": { email: "a@example.com" },
    "c.yaml": "email: a@example.com\n",
  };
  test.each<[string, readonly string[], string]>([
    ["the default", ["dark-mode"], "false  (variant off, reason DEFAULT)\n"],
    [
      "a rule's answer",
      ["dark-mode", "-c", "email=a@example.com"],
      "true  (variant on, reason TARGETING_MATCH)\n",
    ],
    [
      "a context from JSON",
      ["dark-mode", "--context-file", "c.json"],
      "true  (variant on, reason TARGETING_MATCH)\n",
    ],
    [
      "a context from YAML",
      ["dark-mode", "--context-file", "c.yaml"],
      "true  (variant on, reason TARGETING_MATCH)\n",
    ],
    [
      "options over the file",
      ["dark-mode", "--context-file", "c.json", "-c", "email=x"],
      "false  (variant off, reason DEFAULT)\n",
    ],
    ["a static answer", ["limit", "--type", "number"], "1  (variant low, reason STATIC)\n"],
    [
      "every flag",
      [],
      "dark-mode = false  (variant off, reason DEFAULT)\nlimit = 1  (variant low, reason STATIC)\n",
    ],
  ])("prints %s", async (_, line, expected) => {
    expect(await run(["eval", "shop.json", ...line], files)).toEqual({ code: 0, out: expected, err: "" });
  });

  test("exits with 1 for an error, which it tells", async () => {
    const { code, out } = await run(["eval", "shop.json", "limit", "--type", "string"], files);
    expect(code).toBe(1);
    expect(out).toMatch(/^\(code default\) {2}\(reason ERROR: TYPE_MISMATCH, /);
  });

  test("takes attributes as JSON, nested by dots, and the targeting key as text", async () => {
    const rule = (condition: object): object => ({
      flags: { f: { ...onOff, targeting: { if: [condition, "on", "off"] } } },
    });
    const answer = async (condition: object, ...pairs: string[]): Promise<string> => {
      const line = pairs.flatMap((pair) => ["-c", pair]);
      return (await run(["eval", "f.json", "f", ...line], { "f.json": rule(condition) })).out.slice(0, 4);
    };
    expect(await answer({ "===": [{ var: "age" }, 42] }, "age=42")).toBe("true");
    expect(await answer({ "===": [{ var: "targetingKey" }, "42"] }, "targetingKey=42")).toBe("true");
    expect(await answer({ "===": [{ var: "user.name" }, "ada"] }, "user.id=1", "user.name=ada")).toBe("true");
    expect(await answer({ "===": [{ var: "user.id" }, 1] }, "user.id=1", "user.name=ada")).toBe("true");
    expect(await answer({ "===": [{ var: "text" }, "a=b"] }, "text=a=b")).toBe("true");
    expect(await answer({ "===": [{ var: "x" }, 1] }, "__proto__.x=1")).toBe("fals");
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  test("evaluates as of a time", async () => {
    const targeting = { if: [{ ">=": [{ var: "$flagd.timestamp" }, 1_767_225_600] }, "on", "off"] };
    const file = { "t.json": { flags: { t: { ...onOff, targeting } } } };
    expect((await run(["eval", "t.json", "t", "--at", "2025-12-31T23:59:59Z"], file)).out).toMatch(/^false/);
    expect((await run(["eval", "t.json", "t", "--at", "2026-01-01T00:00:00Z"], file)).out).toMatch(/^true/);
    expect((await run(["eval", "t.json", "t"], file)).out).toMatch(/^true/);
  });

  test("prints JSON, one object for one flag and a list for all", async () => {
    const one = JSON.parse((await run(["eval", "shop.json", "limit", "--json"], files)).out) as object;
    expect(one).toMatchObject({ flagKey: "limit", value: 1, variant: "low", reason: "STATIC" });
    expect(JSON.parse((await run(["eval", "shop.json", "--json"], files)).out)).toHaveLength(2);
  });
});

describe("flagspan explain", () => {
  test("shows the rule in the file and what its conditions saw", async () => {
    const { code, out } = await run(["explain", "shop.json", "dark-mode", "-c", "email=a@example.com"], {
      "shop.json": shop,
    });
    expect(code).toBe(0);
    expect(out).toContain("dark-mode → true (variant on), reason TARGETING_MATCH");
    expect(out).toMatch(/at shop\.json:(\d+):\d+\n[^>]*> \1 \| +"on"\n/);
    expect(out).toContain('ends_with saw ["a@example.com","@example.com"] → true');
  });

  test("shows hash, bucket and bounds of a share", async () => {
    const flag = {
      ...onOff,
      targeting: {
        fractional: [
          ["on", 25],
          ["off", 75],
        ],
      },
    };
    const { out } = await run(["explain", "f.json", "f", "-c", "targetingKey=ada"], {
      "f.json": { flags: { f: flag } },
    });
    expect(out).toMatch(/bucket \d+ of 100 is in \[(?:0, 25|25, 100)\); hash \d+ of "fada"/);
  });

  test("says so where the default, the flag or an error decided, and exits with 1 for an error", async () => {
    const files = {
      "f.json": {
        flags: {
          a: onOff,
          b: { ...onOff, targeting: { if: [false, "on"] } },
          c: { ...onOff, targeting: { nope: [] } },
          d: { ...onOff, state: "DISABLED" },
          e: { ...onOff, defaultVariant: null },
        },
      },
    };
    const told = async (flag: string): Promise<string> => (await run(["explain", "f.json", flag], files)).out;
    expect(await told("a")).toContain("no targeting, so its default variant counts");
    expect(await told("b")).toContain("no rule decided, so the default variant counts");
    expect(await told("d")).toContain("disabled, so the caller's code default counts");
    expect(await told("e")).toContain("no default variant, so the caller's code default counts");
    const failed = await run(["explain", "f.json", "c"], files);
    expect(failed.out).toMatch(/reason ERROR\n {2}PARSE_ERROR: /);
    expect(failed.code).toBe(1);
  });

  test("prints JSON", async () => {
    const { out } = await run(["explain", "shop.json", "limit", "--json"], { "shop.json": shop });
    expect(JSON.parse(out)).toMatchObject({ flagKey: "limit", decidedBy: "flag", evaluation: { value: 1 } });
  });
});

describe("flagspan diff", () => {
  const files = {
    "before.json": shop,
    "after.json": {
      ...shop,
      flags: { ...shop.flags, limit: { ...shop.flags.limit, defaultVariant: "high" } },
    },
    "same.yaml": `$evaluators: {internal: {ends_with: [{var: email}, "@example.com"]}}
flags:
  limit: {variants: {high: 10, low: 1}, state: ENABLED, defaultVariant: low}
  dark-mode:
    state: ENABLED
    defaultVariant: "off"
    variants: {"on": true, "off": false}
    targeting: {if: [{$ref: internal}, "on"]}
`,
    "users.json": [{ targetingKey: "a" }, { targetingKey: "b" }],
    "users.jsonl": '{"targetingKey":"a"}\n\n{"targetingKey":"b"}\n{"targetingKey":"c"}\n',
  };

  test("finds none between a ruleset and the same in YAML with its keys in another order", async () => {
    const { code, out } = await run(["diff", "before.json", "same.yaml", "--exit-code"], files);
    expect([code, out]).toEqual([0, "no differences\n"]);
  });

  test("tells what differs, for whom, and how many of the given contexts", async () => {
    const { code, out } = await run(["diff", "before.json", "after.json", "--contexts", "users.json"], files);
    expect([code, out]).toEqual([
      0,
      "limit  [default]\n  default low → high, for everyone whom no rule decides\n  2 of 2 contexts get another answer\n1 flag differs\n",
    ]);
  });

  test("exits with 1 for differences only if asked to", async () => {
    expect((await run(["diff", "before.json", "after.json", "--exit-code"], files)).code).toBe(1);
  });

  test("prints JSON with counts", async () => {
    const { out } = await run(
      ["diff", "before.json", "after.json", "--contexts", "users.jsonl", "--json"],
      files,
    );
    expect(JSON.parse(out)).toMatchObject({
      differences: [{ flagKey: "limit", action: "updated", kinds: ["default"], affected: 3, total: 3 }],
    });
  });
});
