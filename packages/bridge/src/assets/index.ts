export { flagAssets } from "./flag-assets.ts";
export type { AssetFile, AssetFlag } from "./flag.ts";
export { flagQueries } from "./queries.ts";
export type { FlagQueries } from "./queries.ts";
export { flagExpressions } from "./metrics.ts";
export type { FlagExpressions } from "./metrics.ts";
