import type { DropCounts } from "../health/drop-counts.ts";
import type { FlagScope, RenderedScope } from "../scope/flag-scope.ts";
import { selectEntries } from "./select-entries.ts";
import type { Tag, TagNaming } from "./tag-naming.ts";
import { nameTags } from "./tag-naming.ts";

/** Renders a scope's flags as attributes within `maxFlags`, once per change of the scope rather than once per span. */
export class ScopeTags {
  readonly #naming: TagNaming;
  readonly #maxFlags: number;
  readonly #drops: DropCounts;

  constructor(naming: TagNaming, maxFlags: number, drops: DropCounts) {
    this.#naming = naming;
    this.#maxFlags = maxFlags;
    this.#drops = drops;
  }

  /** The tags of everything the scope holds. */
  read(scope: FlagScope): readonly Tag[] {
    return scope.size === 0 ? [] : this.render(scope).tags;
  }

  /** The tags of everything the scope holds, with what is remembered about writing them. */
  render(scope: FlagScope): RenderedScope {
    const known = scope.rendered;
    if (known !== undefined && known.order === scope.order && known.owner === this) return known;
    const selected = selectEntries(scope.entries(), this.#maxFlags);
    if (selected.length < scope.size) this.#drops.count("tag_budget", scope.size - selected.length);
    const tags = nameTags(this.#naming, selected, () => this.#drops.count("mapper_error"));
    const rendered: RenderedScope = {
      owner: this,
      order: scope.order,
      tags,
      ready: undefined,
      isUsed: false,
    };
    scope.rendered = rendered;
    return rendered;
  }

  /** The tags of what the scope held at `order`, and of the keys in `also` (`causal` binding). */
  readCausal(scope: FlagScope, order: number, also: ReadonlySet<string> | undefined): readonly Tag[] {
    if (scope.size === 0) return [];
    const seen = [...scope.entries()].filter(
      (entry) => entry.order <= order || also?.has(entry.key) === true,
    );
    return nameTags(this.#naming, selectEntries(seen, this.#maxFlags), () =>
      this.#drops.count("mapper_error"),
    );
  }
}
