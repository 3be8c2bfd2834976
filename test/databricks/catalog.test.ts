import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { databricksLakes } from "../harness/databricks-lake.ts";
import { failing, send } from "../harness/databricks-server.ts";

const lakes = databricksLakes();
const shared = await lakes.start();
const { lake, workspace } = shared;
afterAll(() => lakes.stop());
beforeEach(() => {
  workspace.faults = [];
  workspace.requests.length = 0;
});

describe("lake_list_sources", () => {
  test("names what the settings allow, and asks Databricks nothing for it", async () => {
    const { sources, engines } = await lake.output("lake_list_sources");
    expect(sources).toContainEqual({
      kind: "databricks",
      level: "schema",
      name: "main.sales",
      uri: "databricks://main.sales",
    });
    expect(engines).toContain("local");
    expect(workspace.requests).toEqual([]);
  });

  test("names every table of a schema, over as many pages as the list has", async () => {
    const { sources, notes } = await lake.output("lake_list_sources", { uri: "databricks://main.sales" });
    expect(sources.map(({ uri }: { uri: string }) => uri)).toEqual([
      "databricks://main.sales.customers",
      "databricks://main.sales.orders",
    ]);
    expect(notes).toBeUndefined();
  });

  test("of a catalog names the allowed schemas only, which the settings know", async () => {
    const { sources } = await lake.output("lake_list_sources", { uri: "databricks://main" });
    expect(sources.map(({ name }: { name: string }) => name)).toEqual(["main.sales"]);
    expect(workspace.requests).toEqual([]);
  });

  test("asks for the schemas of a catalog that is allowed whole", async () => {
    const whole = await lakes.start({ allow: [["main"]] });
    const { sources } = await whole.lake.output("lake_list_sources", { uri: "databricks://main" });
    expect(sources.map(({ name }: { name: string }) => name)).toEqual(["main.hr", "main.sales"]);
  });
});

describe("lake_get_metadata", () => {
  test("says what Unity Catalog knows of a table, its types as results name them", async () => {
    expect(await lake.output("lake_get_metadata", { uri: "databricks://main.sales.orders" })).toEqual({
      uri: "databricks://main.sales.orders",
      format: "delta",
      columns: [
        { name: "order_id", type: "BIGINT" },
        { name: "total", type: "DECIMAL(18,2)", comment: "In euros" },
        { name: "lines", type: "STRUCT(sku VARCHAR, qty INTEGER)[]" },
        { name: "day", type: "DATE" },
      ],
      table: {
        type: "MANAGED",
        comment: "One row an order",
        owner: "data-team",
        location: "s3://lake/unity/orders",
        createdAt: "2023-11-14T22:13:20.000Z",
        partitionColumns: ["day"],
        properties: { "delta.minReaderVersion": "1" },
      },
      lastModified: "2025-06-15T15:06:40.000Z",
      notes: [expect.stringContaining("By Unity Catalog alone:")],
      truncated: false,
      untrusted: ["columns", "table"],
    });
  });

  test("takes names in backticks and in any case", async () => {
    const { uri } = await lake.output("lake_get_metadata", { uri: "databricks://MAIN.`Sales`.orders" });
    expect(uri).toBe("databricks://main.sales.orders");
  });

  test.each([
    "databricks://main.hr.salaries",
    "databricks://main.hr.no_such_table",
    "databricks://main.sales2.orders",
    "databricks://other.sales.orders",
    // The Kelvin sign is no k, and the long s no s, whatever case folding says.
    "databricks://main.\u017fales.orders",
  ])("refuses %s alike whether it exists or not, and sends nothing", async (uri) => {
    const { code, message } = await lake.fault("lake_get_metadata", { uri });
    expect(code).toBe("denied");
    expect(message).toContain("is outside what this server may read of Databricks");
    expect(workspace.requests).toEqual([]);
  });

  test.each([
    "databricks://main.sales",
    "databricks://a.b.c.d",
    "databricks://main.sales.",
    "databricks://main.sales.a/b",
    "databricks://main.sales.a b",
    "databricks://main.sales.a\u0000",
    "databricks:main.sales.orders",
    "Databricks://main.sales.orders",
  ])("refuses %j, which is no table's name", async (uri) => {
    expect((await lake.fault("lake_get_metadata", { uri })).code).toBe("invalid_input");
    expect(workspace.requests).toEqual([]);
  });

  test("a table that is not there, and one that may not be seen", async () => {
    const uri = "databricks://main.sales.nothing";
    expect(await lake.fault("lake_get_metadata", { uri })).toMatchObject({ code: "not_found" });
    workspace.faults = [
      failing(/tables/, 1, 403, { error_code: "PERMISSION_DENIED", message: "secret words" }),
    ];
    const fault = await lake.fault("lake_get_metadata", { uri: "databricks://main.sales.orders" });
    expect(fault.code).toBe("denied");
    expect(fault.message).toContain("Grant it SELECT on it, USE SCHEMA and USE CATALOG");
    expect(fault.message).not.toContain("secret words");
  });
});

describe("a workspace on a bad day", () => {
  const uri = "databricks://main.sales.orders";

  test("a refused token is told with how to mend it, and the token is not", async () => {
    const other = await lakes.start({ credentials: { kind: "token", token: "dapi-expired" } });
    const { code, message } = await other.lake.fault("lake_get_metadata", { uri });
    expect(code).toBe("denied");
    expect(message).toContain("Renew lake.databricks.token");
    expect(message).not.toContain("dapi-expired");
  });

  test("429 is waited out as Retry-After says", async () => {
    workspace.faults = [
      failing(/tables/, 1, 429, { error_code: "REQUEST_LIMIT_EXCEEDED" }, { "retry-after": "0" }),
    ];
    expect((await lake.output("lake_get_metadata", { uri })).format).toBe("delta");
    expect(workspace.requests).toHaveLength(2);
  });

  test("429 with a long Retry-After is told at once", async () => {
    workspace.faults = [failing(/tables/, 9, 429, {}, { "retry-after": "600" })];
    const result = await lake.call("lake_get_metadata", { uri });
    expect(result).toMatchObject({
      kind: "failed",
      fault: { code: "throttled", retryable: true, details: { retryAfterMs: 600_000 } },
    });
    expect(workspace.requests).toHaveLength(1);
  });

  test("503 for good is unavailable after a few tries", async () => {
    workspace.faults = [failing(/tables/, 99, 503, "<html>down</html>", { "retry-after": "0" })];
    expect(await lake.fault("lake_get_metadata", { uri })).toMatchObject({ code: "unavailable" });
    expect(workspace.requests).toHaveLength(4);
  });

  test("a redirect is not followed, so the token goes nowhere else", async () => {
    workspace.faults = [failing(/tables\//, 9, 302, "", { location: `${workspace.host}/elsewhere` })];
    const { code, message } = await lake.fault("lake_get_metadata", { uri });
    expect(code).toBe("unavailable");
    expect(message).toContain("which is not followed");
    expect(workspace.requests.map(({ path }) => path)).toEqual([
      "/api/2.1/unity-catalog/tables/main.sales.orders",
    ]);
  });

  test.each([
    ["no JSON", "<html>sign in</html>"],
    ["JSON of another form", '{"tables":[]}'],
    ["a type that is none", '{"name":42}'],
  ])("%s is no answer", async (_what, body) => {
    workspace.faults = [failing(/tables/, 9, 200, body)];
    const { code, message } = await lake.fault("lake_get_metadata", { uri });
    expect(code).toBe("unavailable");
    expect(message).toContain("not of the form Databricks' API gives");
  });

  test("an answer without end is refused before it is parsed", async () => {
    let sentBytes = 0;
    workspace.faults = [
      async (_request, response) => {
        const block = Buffer.alloc(64 * 1024, "[");
        const closed = new Promise((resolve) => response.once("close", resolve));
        response.writeHead(200, { "content-type": "application/json" });
        while (!response.destroyed && sentBytes < 64 * 1024 ** 2) {
          sentBytes += block.length;
          const drained = new Promise((resolve) => response.once("drain", resolve));
          if (!response.write(block)) await Promise.race([drained, closed]);
          response.removeAllListeners("drain");
        }
        response.end();
        return true;
      },
    ];
    expect(await lake.fault("lake_get_metadata", { uri })).toMatchObject({ code: "too_large" });
    expect(sentBytes).toBeLessThan(32 * 1024 ** 2);
  });

  test("a connection that breaks is tried again", async () => {
    let broken = 0;
    workspace.faults = [
      (_request, response) => {
        if (broken++ > 0) return false;
        response.destroy();
        return true;
      },
    ];
    expect((await lake.output("lake_get_metadata", { uri })).format).toBe("delta");
    expect(workspace.requests).toHaveLength(2);
  });

  test("a host that is not there", async () => {
    const gone = await lakes.start();
    await gone.workspace.stop();
    expect(await gone.lake.fault("lake_get_metadata", { uri })).toMatchObject({ code: "unavailable" });
  });

  test("a call that is stopped stops waiting", async () => {
    const controller = new AbortController();
    let arrived = () => {};
    const asked = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    workspace.faults = [
      () => {
        arrived();
        return new Promise(() => {});
      },
    ];
    const scope = { tenantId: "t", principalId: "p", signal: controller.signal, progress: () => {} };
    const running = lake.lake.describe({ uri }, scope);
    await asked;
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "timeout", message: "The call was stopped." });
  });
});

describe("a service principal", () => {
  const credentials = { kind: "m2m", clientId: "sluice-client", clientSecret: "sluice-secret" } as const;
  const uri = "databricks://main.sales.orders";
  const tokenRequests = (requests: { path: string }[]) =>
    requests.filter(({ path }) => path === "/oidc/v1/token");

  test("fetches one token for calls at once, and keeps it", async () => {
    const own = await lakes.start({ credentials });
    await Promise.all([1, 2, 3].map(() => own.lake.output("lake_get_metadata", { uri })));
    await own.lake.output("lake_get_metadata", { uri });
    expect(tokenRequests(own.workspace.requests)).toHaveLength(1);
  });

  test("fetches another where the kept one is no longer taken", async () => {
    const own = await lakes.start({ credentials });
    await own.lake.output("lake_get_metadata", { uri });
    own.workspace.tokens.clear();
    expect((await own.lake.output("lake_get_metadata", { uri })).format).toBe("delta");
    expect(tokenRequests(own.workspace.requests)).toHaveLength(2);
  });

  test("fetches another before the kept one expires", async () => {
    const own = await lakes.start({ credentials });
    own.workspace.faults = [
      ({ path }, response) => {
        if (path !== "/oidc/v1/token") return false;
        own.workspace.tokens.add("short");
        return send(response, 200, { access_token: "short", expires_in: 0.0001, token_type: "Bearer" });
      },
    ];
    await own.lake.output("lake_get_metadata", { uri });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await own.lake.output("lake_get_metadata", { uri });
    expect(tokenRequests(own.workspace.requests)).toHaveLength(2);
  });

  test("whose secret is wrong is told so, once", async () => {
    const own = await lakes.start({ credentials: { ...credentials, clientSecret: "wrong-secret" } });
    const { code, message } = await own.lake.fault("lake_get_metadata", { uri });
    expect(code).toBe("denied");
    expect(message).toContain("clientSecret");
    expect(message).not.toContain("wrong-secret");
    expect(own.workspace.requests).toHaveLength(1);
  });
});

test("a table whose files cannot be read is not profiled, and the fault says why", async () => {
  const { code, message } = await lake.fault("lake_profile_dataset", {
    uri: "databricks://main.sales.orders",
  });
  expect(code).toBe("unsupported");
  expect(message).toContain("cannot be read from its files");
});
