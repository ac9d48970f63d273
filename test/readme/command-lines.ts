/** What becomes of a line of a `sh` block. */
export type LineUse =
  /** Too big or too far-reaching for a test inside of it: `.ci/run` holds this very command, and runs it in a fresh clone. */
  | { readonly kind: "ci"; readonly runs: string }
  /** It runs, says this (on either stream) and ends with this exit code, 0 unless another is named. */
  | {
      readonly kind: "ends";
      /** Lines that bring about what the text takes for granted. */
      readonly first?: readonly string[];
      /** A line that is tried until it says this, before the line itself. */
      readonly once?: readonly [line: string, says: RegExp];
      readonly code?: number;
      readonly says: RegExp;
      /** Files it leaves, and what they hold. */
      readonly leaves?: Readonly<Record<string, RegExp>>;
    }
  /** It stays up while the later lines of the file run. */
  | { readonly kind: "stays"; readonly says: RegExp }
  /** It goes on until Ctrl-C, and then ends with 0. */
  | { readonly kind: "watches"; readonly first?: readonly string[]; readonly says: RegExp };

const rest = [
  "flagspan rollout abort dark-mode --reason 'the next line starts another'",
  "flagspan flag restore shop.prod dark-mode --reason 'the next line starts another'",
  "flagspan flag import shop.prod --file flags.json --reason 'the next line starts another'",
] as const;
const started = /dark-mode {2}(?:ready|running) {2}.*dark-mode-\d+ in shop\.prod/;

/** Every line of every `sh` block, without its comment. One that is not here fails. */
export const lineUses: Readonly<Record<string, LineUse>> = {
  // Installing and starting everything, the whole of the tests: minutes each.
  "npm ci": { kind: "ci", runs: "npm ci --no-audit --no-fund" },
  "npm start": { kind: "ci", runs: "npm start --silent -- --once --json" },
  "npm test": { kind: "ci", runs: "npm test --silent" },
  "npm run check": { kind: "ci", runs: "npm run --silent check" },

  "npx flagspan dev flags.json": {
    kind: "stays",
    says: /flagspan dev: 9 flags of set shop\.prod, from flags\.json[\s\S]*page {6}(http\S+)\//,
  },
  "node --import @flagspan/telemetry/register app.js": {
    kind: "ends",
    says: /^\{"feature_flags\.dark-mode":"on"\}$/m,
  },

  // Control, and the commands that ask it.
  "export FLAGSPAN_KEY=$(npx flagspan keys create --name ada@shop.example --scopes admin,write,kill,sync --actor user)":
    {
      kind: "ends",
      says: /Keep it now: only its hash is stored/,
      leaves: { ".flagspan/control.db": /^SQLite format 3/ },
    },
  "npx flagspan serve": { kind: "stays", says: /flagspan serves at (http\S+)/ },
  'npx flagspan flag import shop.prod --file flags.json --reason "the shop moves in"': {
    kind: "ends",
    says: /"revision": "1"[\s\S]*"flagKey": "dark-mode"/,
  },
  "npx flagspan rollout start dark-mode --set shop.prod --stages internal,1%,10%,50%,100% --hold 15m": {
    kind: "ends",
    says: started,
  },
  'npx flagspan flag kill shop.prod dark-mode --reason "checkouts fail"': {
    kind: "ends",
    says: /"action": "killed"/,
  },
  "npx flagspan changes --set shop.prod": {
    kind: "ends",
    says: /shop\.prod {2}ada@shop\.example killed dark-mode .*checkouts fail/,
  },
  "npx flagspan assets dark-mode --set shop.prod": {
    kind: "ends",
    says: /observability\/runbooks\/\S*dark-mode\S*\.md/,
    leaves: { "observability/runbooks/dark-mode.md": /dark-mode/ },
  },
  "npx flagspan drill dark-mode --set shop.prod": {
    kind: "ends",
    first: ["flagspan flag restore shop.prod dark-mode --reason 'fixed'"],
    says: /^1 of 1 connected instances applied revision \d+: p50 \d+ ms/m,
  },

  // Rollouts: alternatives that the text shows below each other, so each starts from a flag at rest.
  "flagspan rollout start dark-mode --set shop.prod --stages internal,1%,10%,50%,100% --hold 15m --watch": {
    kind: "watches",
    says: /^dark-mode (?:ready|running) /m,
  },
  "flagspan rollout start dark-mode --set shop.prod --template standard-48h": {
    kind: "ends",
    first: rest,
    says: started,
  },
  "flagspan rollout status dark-mode --watch": { kind: "watches", says: /^dark-mode (?:ready|running) /m },
  "flagspan rollout approve dark-mode": {
    kind: "ends",
    first: [...rest, "flagspan rollout start approval.yaml"],
    once: ["flagspan rollout status dark-mode", /awaiting-approval/],
    says: /dark-mode-\d+[\s\S]*100/,
  },
  "flagspan rollout report dark-mode > report.md": {
    kind: "ends",
    says: /^$/,
    leaves: { "report.md": /^# Rollout of dark-mode: / },
  },
  "flagspan unit shop.prod user-42": {
    kind: "ends",
    says: /^user-42 in shop\.prod, unit \S{16}$[\s\S]*dark-mode/m,
  },
  "flagspan drill dark-mode --set shop.prod": {
    kind: "ends",
    says: /^1 of 1 connected instances applied revision \d+: p50 \d+ ms/m,
  },

  // Files alone.
  "flagspan check flags.json": { kind: "ends", says: /flags\.json/ },
  "flagspan check flags.json --strict": { kind: "ends", says: /flags\.json/ },
  "flagspan check flags.json --policy policy.yaml --base deployed.json": {
    kind: "ends",
    code: 1,
    says: /stock-cache[\s\S]*ops-/,
  },
  "flagspan eval flags.json dark-mode -c targetingKey=ada -c user.plan=pro": { kind: "ends", says: /off/ },
  "flagspan eval flags.json": { kind: "ends", says: /dark-mode[\s\S]*stock-cache/ },
  "flagspan explain flags.json dark-mode -c email=ada@example.com": { kind: "ends", says: /off/ },
  "flagspan diff deployed.json flags.json --contexts users.jsonl --exit-code": {
    kind: "ends",
    code: 1,
    says: /stock-cache[\s\S]*2/,
  },
};
