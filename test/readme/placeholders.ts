/** What stands in for the names that a reader replaces by their own; the rest of a block runs as it is written. */
export interface Surroundings {
  /** Base URL of a real control. */
  readonly control: string;
  /** A key of it with the scope evaluate. */
  readonly pageKey: string;
  /** Where OTLP is received. */
  readonly collector: string;
  /** A folder of the block's own; it holds flags.json. */
  readonly folder: string;
}

/** Puts the real addresses, keys and folders where a block has made-up ones. */
export function fillPlaceholders(code: string, real: Surroundings): string {
  const replacements: readonly (readonly [string, string])[] = [
    ["https://flags.example/flagd.json", `${real.control}/v1/rulesets/shop.prod`],
    ["https://flags.shop.example/v1/logs", `${real.collector}/v1/logs`],
    ["http://127.0.0.1:4600", real.control],
    ["http://control.internal:8080", real.control],
    ["https://flags.shop.example", real.control],
    ["https://flags.example.com", real.control],
    ["https://flags.example", real.control],
    ["/var/cache/shop", `${real.folder}/cache`],
    ["/etc/shop/flags.json", `${real.folder}/flags.json`],
    ["fs_web.key", real.pageKey],
    ["fs_web.public", real.pageKey],
  ];
  return replacements.reduce((text, [made, actual]) => text.replaceAll(made, actual), code);
}
