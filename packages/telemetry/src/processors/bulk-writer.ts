import type { DropCounts } from "../health/drop-counts.ts";
import type { Tag } from "../naming/tag-naming.ts";
import type { RenderedScope } from "../scope/flag-scope.ts";
import type { SdkSpan, SdkSpanState } from "../otel/sdk-shapes.ts";
import { roomLeft, writeTags } from "./write-tags.ts";

const letterF = 102;

type Mutable = { -readonly [Key in keyof SdkSpanState]: SdkSpanState[Key] };

/**
 * Writes tags on ending spans: the clever path beside `writeTags`, which it falls back to.
 *
 * `span.setAttribute` validates, measures and counts each value (about 70 ns); twenty tags cost more than the rest of the
 * span. Tags of the built-in namings are valid by construction, so they go straight into the SDK's own attribute
 * object, which both lines expose as `span.attributes`; a span without attributes takes a copy of the ready-made
 * object, at a tenth of the price, and one with attributes has it assigned, at half the price of name by name. That this object is the live one is tried on the first span of the process. Spans
 * with a value length limit, or short of room, take the plain path. The SDK's count is left as it is: nothing of the
 * app is written after `onEnding`.
 */
export class BulkWriter {
  readonly #drops: DropCounts;
  readonly #isPlain: boolean;
  #isLive: boolean | undefined;

  /** `isTrusted`: the tags come from a built-in naming, not from a function of the app. */
  constructor(isTrusted: boolean, drops: DropCounts) {
    this.#isPlain = !isTrusted;
    this.#drops = drops;
  }

  /** Writes a scope's tags; from the second span of a scope on, spans without attributes of their own get a copy. */
  writeScope(span: SdkSpan, rendered: RenderedScope): void {
    if (rendered.tags.length === 0) return;
    if (rendered.isUsed) rendered.ready ??= Object.fromEntries(rendered.tags);
    rendered.isUsed = true;
    this.write(span, rendered.tags, rendered.ready);
  }

  /** Writes tags; `ready`, if given, is the same as one object. */
  write(span: SdkSpan, tags: readonly Tag[], ready?: Readonly<Record<string, Tag[1]>>): void {
    const state = span as Mutable;
    const { attributes } = state;
    const room = { attributes, count: state._attributesCount, limit: state._spanLimits?.attributeCountLimit };
    if (this.#isPlain || this.#isLive !== true || attributes === undefined || hasLengthLimit(state)) {
      writeTags(span, tags, room, this.#drops);
      this.#isLive ??= isLiveObject(span, attributes, tags);
      return;
    }
    if (roomLeft(room) < tags.length) {
      writeTags(span, tags, room, this.#drops);
      return;
    }
    const live = attributes as Record<string, unknown>;
    if (ready !== undefined) {
      if (state._attributesCount === 0) {
        state.attributes = { ...ready };
        return;
      }
      if (!sharesName(live, ready)) {
        Object.assign(live, ready);
        return;
      }
    }
    for (let index = 0; index < tags.length; index += 1) {
      const tag = tags[index] as Tag;
      if (live[tag[0]] === undefined) live[tag[0]] = tag[1];
    }
  }
}

/** Whether the app has set one of the flags' attributes itself. The names of built-in namings begin with `f`. */
function sharesName(
  own: Readonly<Record<string, unknown>>,
  ready: Readonly<Record<string, unknown>>,
): boolean {
  for (const name in own) if (name.charCodeAt(0) === letterF && Object.hasOwn(ready, name)) return true;
  return false;
}

function hasLengthLimit(span: SdkSpanState): boolean {
  const limit = span._spanLimits?.attributeValueLengthLimit;
  return typeof limit === "number" && limit > 0 && Number.isFinite(limit);
}

/** Whether what `setAttribute` just wrote shows up, unchanged, in the object read before: then it is the SDK's own. */
function isLiveObject(
  span: SdkSpan,
  attributes: Readonly<Record<string, unknown>> | undefined,
  tags: readonly Tag[],
): boolean | undefined {
  const [tag] = tags;
  if (attributes === undefined || tag === undefined) return undefined;
  const property = Object.getOwnPropertyDescriptor(span, "attributes");
  return property?.writable === true && property.value === attributes && attributes[tag[0]] === tag[1];
}
