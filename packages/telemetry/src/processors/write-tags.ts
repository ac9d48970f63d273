import type { DropCounts } from "../health/drop-counts.ts";
import type { Tag } from "../naming/tag-naming.ts";

/** OpenTelemetry's default `attributeCountLimit`. */
export const defaultAttributeLimit = 128;

interface Writable {
  setAttribute(key: string, value: string | boolean | number | string[]): unknown;
}

/** What the SDK's span or record says about its own attributes. */
export interface AttributeRoom {
  readonly attributes: Readonly<Record<string, unknown>> | undefined;
  readonly count: unknown;
  readonly limit: unknown;
}

/** How many attributes still fit: the limit less what the SDK has counted, or what can be seen. */
export function roomLeft({ attributes, count, limit }: AttributeRoom): number {
  const most = typeof limit === "number" ? limit : defaultAttributeLimit;
  if (typeof count === "number") return most - count;
  return attributes === undefined ? most : most - Object.keys(attributes).length;
}

/**
 * Writes tags into the room that is left. The SDK keeps the first `attributeCountLimit` attributes and drops later ones,
 * so what the app wrote before stays; an attribute the app has set under the same name stays too. What did not fit is
 * counted.
 */
export function writeTags(
  target: Writable,
  tags: readonly Tag[],
  room: AttributeRoom,
  drops: DropCounts,
): void {
  const { attributes } = room;
  let left = roomLeft(room);
  for (let index = 0; index < tags.length; index += 1) {
    const [name, value] = tags[index] as Tag;
    if (attributes !== undefined && Object.hasOwn(attributes, name)) continue;
    if (left <= 0) {
      drops.count("attribute_limit", tags.length - index);
      return;
    }
    target.setAttribute(name, value as string | boolean | number | string[]);
    left -= 1;
  }
}
