import type { TextMapPropagator } from "@opentelemetry/api";

/** Puts a propagator behind the app's own: it writes after it and reads after it. What is no propagator stays as it is. */
export function addPropagator(registered: unknown, added: TextMapPropagator): unknown {
  if (!isPropagator(registered)) return registered;
  const combined: TextMapPropagator = {
    inject: (ctx, carrier, setter) => {
      registered.inject(ctx, carrier, setter);
      added.inject(ctx, carrier, setter);
    },
    extract: (ctx, carrier, getter) =>
      added.extract(registered.extract(ctx, carrier, getter), carrier, getter),
    fields: () => [...new Set([...registered.fields(), ...added.fields()])],
  };
  return combined;
}

function isPropagator(candidate: unknown): candidate is TextMapPropagator {
  const parts = candidate as Partial<TextMapPropagator>;
  return (
    typeof parts.inject === "function" &&
    typeof parts.extract === "function" &&
    typeof parts.fields === "function"
  );
}
