/** An object whose fields are looked at before they are believed. */
type Fields = Readonly<Record<string, unknown>>;

/** A way into one shape of provider: answers the list that a processor must stand in, or nothing if the shape differs. */
type ProcessorList = (provider: Fields) => { readonly owner: object; readonly field: string } | undefined;

/**
 * Tracer providers of `@opentelemetry/sdk-trace-base` 2.0 … 2.12 and `sdk-trace` 3.0 … 3.1 keep a `MultiSpanProcessor`
 * with a plain array in it; later spans read the array anew.
 */
const spanProcessorLists: readonly ProcessorList[] = [
  (provider) => listIn(fieldsOf(provider["_activeSpanProcessor"]), "_spanProcessors"),
];

/** Logger providers of `@opentelemetry/sdk-logs` 0.200 … 0.223 and 3.0 … 3.1: all loggers share one state. */
const logProcessorLists: readonly ProcessorList[] = [
  (provider) => listIn(fieldsOf(fieldsOf(provider["_sharedState"])?.["activeProcessor"]), "processors"),
];

/**
 * Puts a span processor into a provider that exists already. Answers whether it stands there now; a provider of an
 * unknown shape is left alone. Joining twice is joining once.
 */
export function joinTracerProvider(provider: unknown, processor: object): boolean {
  return join(provider, processor, spanProcessorLists);
}

/**
 * Puts a log record processor into a provider that exists already, before the exporting ones. A provider without any
 * processor exports nothing yet: one that still takes processors (0.20x) gets ours first, any other needs nothing.
 */
export function joinLoggerProvider(provider: unknown, processor: object): boolean {
  const state = fieldsOf(fieldsOf(provider)?.["_sharedState"]);
  const registered = state?.["registeredLogRecordProcessors"];
  if (!Array.isArray(registered)) return join(provider, processor, logProcessorLists);
  if (registered.length > 0) {
    // From this list 0.20x builds the other one anew whenever a processor is added.
    join(state, processor, [(fields) => listIn(fields, "registeredLogRecordProcessors")]);
    return join(provider, processor, logProcessorLists);
  }
  const { addLogRecordProcessor } = provider as { addLogRecordProcessor?: unknown };
  if (typeof addLogRecordProcessor === "function") addLogRecordProcessor.call(provider, processor);
  return true;
}

function join(provider: unknown, processor: object, lists: readonly ProcessorList[]): boolean {
  const fields = fieldsOf(provider);
  if (fields === undefined) return false;
  for (const find of lists) {
    const found = find(fields);
    if (found === undefined) continue;
    const current = (found.owner as Fields)[found.field] as readonly unknown[];
    // A new array: the old one may be the app's own, and shared between providers.
    if (!current.includes(processor)) Reflect.set(found.owner, found.field, [processor, ...current]);
    return ((found.owner as Fields)[found.field] as readonly unknown[]).includes(processor);
  }
  return false;
}

function listIn(owner: Fields | undefined, field: string): ReturnType<ProcessorList> {
  return owner !== undefined && Array.isArray(owner[field]) ? { owner, field } : undefined;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null ? (value as Fields) : undefined;
}
