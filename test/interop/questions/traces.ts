import { expectSoon, findSpans, type Answers, type Finding } from "../ask.ts";
import type { Stores } from "../backends.ts";
import { assetFlag } from "../story.ts";
import type { Copy } from "../tap.ts";
import { changesOf } from "./panels.ts";

const tag = `feature_flags.${assetFlag.key}`;
const services = ["storefront", "checkout", "stock"] as const;

/**
 * Asks Jaeger, which stands in Tempo's place, for spans by their attributes. The tail sampling of the shipped configuration keeps what is
 * under a rollout or has failed, so that nothing of it may be missing.
 */
export async function askTraces({ jaeger }: Stores, copy: Copy): Promise<readonly Finding[]> {
  const find = async (
    what: string,
    tags: Readonly<Record<string, string>>,
    isWanted: (span: Copy["spans"][number]) => boolean,
  ): Promise<Finding> =>
    expectSoon(
      what,
      () => countWanted(copy, isWanted),
      async () => {
        const counts: [string, number][] = [];
        for (const service of services)
          counts.push([service, (await findSpans(jaeger, service, tags)).length]);
        return new Map(counts.filter(([, count]) => count > 0));
      },
    );
  return [
    await find(
      `Jaeger finds every span of the treated variant by its attribute ${tag}`,
      { [tag]: assetFlag.treatment },
      ({ attributes }) => attributes[tag] === assetFlag.treatment,
    ),
    ...(await Promise.all(
      assetFlag.variants.map((variant) =>
        find(
          `Jaeger finds every failing span under ${variant}, as the panel "Failing traces" asks`,
          { [tag]: variant, error: "true" },
          ({ attributes, status }) => attributes[tag] === variant && status.code === "error",
        ),
      ),
    )),
    await expectSoon(
      "Jaeger has the span of every change, each once",
      () =>
        new Map(changesOf(copy).map(({ attributes }) => [String(attributes["feature_flag.change.id"]), 1])),
      async () => {
        const counts = new Map<string, number>();
        for (const { tags } of await findSpans(jaeger, "flagspan", {
          "otel.event.name": "feature_flag.change",
        })) {
          const id = String(tags["feature_flag.change.id"]);
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
        return counts;
      },
    ),
  ];
}

function countWanted(copy: Copy, isWanted: (span: Copy["spans"][number]) => boolean): Answers {
  const counts = new Map<string, number>();
  for (const span of copy.spans.filter(isWanted)) {
    const service = String(span.resource["service.name"]);
    counts.set(service, (counts.get(service) ?? 0) + 1);
  }
  return counts;
}
