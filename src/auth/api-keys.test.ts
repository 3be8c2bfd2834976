import { timingSafeEqual } from "node:crypto";
import { expect, test } from "vitest";
import { type ApiKeyEntry, createApiKeyMode, digestOfKey } from "./api-keys.ts";

const entries: ApiKeyEntry[] = [
  {
    id: "ci",
    tenantId: "acme",
    roles: ["reader"],
    scopes: ["lake"],
    digests: [digestOfKey("old-key"), digestOfKey("new-key")],
  },
  { id: "bi", tenantId: "other", roles: [], scopes: [], digests: [digestOfKey("bi-key")], expiresMs: 1_000 },
];

const bring = (key: string) => ({
  method: "POST",
  url: "http://localhost/mcp",
  headers: new Headers({ "x-api-key": key }),
});

test("both keys of a caller are good, and give one principal", async () => {
  const mode = createApiKeyMode(entries, () => 0);
  for (const key of ["old-key", "new-key"]) {
    expect((await mode.authenticate(bring(key))).principal).toEqual({
      id: "key:ci",
      tenantId: "acme",
      roles: ["reader"],
      scopes: ["lake"],
      via: "api_key",
    });
  }
});

test.each([
  ["unknown", "unknown key"],
  ["", "unknown key"],
  ["old-key, new-key", "unknown key"],
  ["OLD-KEY", "unknown key"],
  [digestOfKey("old-key").toString("hex"), "unknown key"],
  ["bi-key", "expired key of bi"],
])("%j is refused: %s", async (key, reason) => {
  const mode = createApiKeyMode(entries, () => 1_000);
  expect((await mode.authenticate(bring(key))).refusal).toMatchObject({ kind: "invalid", reason });
});

test.each(["old-key", "new-key", "bi-key", "unknown"])(
  "all keys are compared for %s, as digests",
  async (key) => {
    const compared: number[][] = [];
    const mode = createApiKeyMode(
      entries,
      () => 0,
      (a, b) => {
        compared.push([a.length, b.length]);
        return timingSafeEqual(a, b);
      },
    );
    await mode.authenticate(bring(key));
    expect(compared).toEqual([
      [32, 32],
      [32, 32],
      [32, 32],
    ]);
  },
);
