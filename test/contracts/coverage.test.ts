import { createControl, openMemoryStore } from "@flagspan/control";
import { expect, test } from "vitest";
import { contractNames } from "./contract.ts";
import { otherContracts, routeContracts } from "./route-contracts.ts";

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: object }>>>>;
}

async function readOperations(): Promise<readonly { name: string; takesBody: boolean }[]> {
  const store = await openMemoryStore();
  const control = createControl({ store });
  const { paths } = (await (
    await control.fetch(new Request("http://control.test/openapi.json"))
  ).json()) as OpenApi;
  await control.close();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      takesBody: requestBody !== undefined,
    })),
  );
}

test("every route of /openapi.json has its fixtures, or the reason why it has none", async () => {
  const operations = await readOperations();
  expect(Object.keys(routeContracts).sort()).toEqual(operations.map(({ name }) => name).sort());
  const bodiless = operations.filter(
    ({ name, takesBody }) => takesBody !== (routeContracts[name]?.body !== undefined),
  );
  expect(bodiless).toEqual([]);
});

test("every fixture is named by a route or has a use of its own, and every name has its fixture", () => {
  const named = Object.values(routeContracts).flatMap(({ body, answer }) => [body ?? "- none", answer]);
  const fixtures = [
    ...new Set([...named.filter((name) => !name.startsWith("- ")), ...Object.keys(otherContracts)]),
  ];
  expect(fixtures.sort()).toEqual([...contractNames]);
});
