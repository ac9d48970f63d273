import { chai, customMatchers, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

/*
 * Stands for `vitest` in the tests that `npm run mutate` loads: what those use of it, and nothing else.
 */

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export const { expect } = chai;
expect.extend(expect, customMatchers);

/** Every test that was loaded: its id, which no other has, and its body. */
export const tests = [];

/** How many tests there are of each name. */
const counts = new Map();

let titles = [];

export function describe(title, body) {
  const outer = titles;
  titles = [...outer, title];
  body();
  titles = outer;
}

export function it(title, run) {
  const name = [...titles, title].join(" > ");
  const namesakes = counts.get(name) ?? 0;
  counts.set(name, namesakes + 1);
  tests.push({ id: `${name} #${namesakes}`, run });
}

it.each = (table) => (title, run) => {
  for (const row of table) it(title, () => run(...(Array.isArray(row) ? row : [row])));
};

export function beforeAll(run) {
  run();
}
