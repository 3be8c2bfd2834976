import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAccessTokens } from "../../src/lake/databricks/access-token.ts";
import { type Catalog, createCatalog, type TableInfo } from "../../src/lake/databricks/catalog.ts";
import { createRest } from "../../src/lake/databricks/rest.ts";
import { parseTableName } from "../../src/lake/databricks/table-name.ts";
import { filesPlaceOf, openTableStore, type TableStore } from "../../src/lake/databricks/table-store.ts";
import { shopTables } from "../harness/databricks-lake.ts";
import {
  type DatabricksServer,
  startDatabricksServer,
  workspaceToken,
} from "../harness/databricks-server.ts";
import { type FaultProxy, startFaultProxy } from "../harness/fault-proxy.ts";
import { readAll } from "../harness/read-all.ts";
import { type S3Server, startS3Server } from "../harness/s3-server.ts";

let workspace: DatabricksServer;
let s3: S3Server;
let proxy: FaultProxy;
let catalog: Catalog;
let orders: TableInfo;
/** Session tokens S3 no longer takes. */
const expired = new Set<string>();
const open: TableStore[] = [];
const name = parseTableName("databricks://main.sales.orders");
const signal = new AbortController().signal;

beforeAll(async () => {
  workspace = await startDatabricksServer();
  workspace.tables = shopTables.map((table) => ({ ...table, table_id: `id-of-${table.name}` }));
  s3 = await startS3Server(["lake"]);
  await s3.put("lake", "unity/orders/part-0.txt", "rows");
  await s3.put("lake", "unity/orders-secret/part-0.txt", "secret");
  await s3.put("lake", "unity/other.txt", "secret");
  proxy = await startFaultProxy(s3.endpoint, ({ headers }) => {
    if (!expired.has(String(headers["x-amz-security-token"]))) return undefined;
    return { kind: "answer", status: 400, body: "<Error><Code>ExpiredToken</Code></Error>" };
  });
  const tokens = createAccessTokens(workspace.host, { kind: "token", token: workspaceToken }, Date.now);
  catalog = createCatalog(createRest({ host: workspace.host, tokens, now: Date.now }));
  orders = await catalog.table(name, signal);
});
afterAll(async () => {
  for (const store of open) store.close();
  await proxy.stop();
  await s3.stop();
  await workspace.stop();
});
beforeEach(() => {
  expired.clear();
  workspace.faults = [];
  workspace.credentials.length = 0;
  vend("session-1");
});

function vend(sessionToken: string, lifeMs = 3_600_000, url = "s3://lake/unity/orders") {
  workspace.vended = {
    aws_temp_credentials: {
      access_key_id: `ASIA-${sessionToken}`,
      secret_access_key: "vended-secret",
      session_token: sessionToken,
    },
    expiration_time: Date.now() + lifeMs,
    url,
  };
}

function start(): TableStore {
  const settings = { region: "eu-west-1", endpoint: proxy.endpoint, forcePathStyle: true };
  const place = filesPlaceOf(orders);
  if ("against" in place) throw new Error(place.against);
  const store = openTableStore(name, place, { catalog, s3: settings, now: Date.now });
  open.push(store);
  return store;
}

async function textOf(store: TableStore, key = "unity/orders/part-0.txt"): Promise<string> {
  const { body } = await store.read({ location: { kind: "s3", bucket: "lake", key } }, signal);
  return Buffer.from(await readAll(body)).toString();
}

describe("the files of a table", () => {
  test("are read with the credentials Databricks vends for it, asked for once", async () => {
    const store = start();
    expect(store.root.uri).toBe("s3://lake/unity/orders/");
    s3.requests.length = 0;
    expect(await textOf(store)).toBe("rows");
    expect(await textOf(store)).toBe("rows");
    expect(workspace.credentials).toEqual([{ tableId: orders.table_id, operation: "READ" }]);
    expect(s3.requests.map(({ headers }) => headers["x-amz-security-token"])).toEqual([
      "session-1",
      "session-1",
    ]);
    expect(String(s3.requests[0]?.headers.authorization)).toContain("Credential=ASIA-session-1/");
  });

  test.each([
    ["lake", "unity/other.txt"],
    ["lake", "unity/orders-secret/part-0.txt"],
    ["lake", "unity/orders/../other.txt"],
    ["lake", "unity/"],
    ["other", "unity/orders/part-0.txt"],
  ])("are all that can be read: not %s/%s", async (bucket, key) => {
    const store = start();
    s3.requests.length = 0;
    const location = { kind: "s3", bucket, key } as const;
    await expect(store.read({ location }, signal)).rejects.toMatchObject({ code: "denied" });
    await expect(store.head(location, signal)).rejects.toMatchObject({ code: "denied" });
    expect(s3.requests).toEqual([]);
  });

  test("are read with new credentials before the old ones expire", async () => {
    vend("short-lived", 60_000);
    const store = start();
    expect(await textOf(store)).toBe("rows");
    vend("session-2");
    await expect.poll(() => textOf(store).then(() => workspace.credentials.length)).toBeGreaterThan(1);
  });

  test("are read with new credentials where S3 says that the old ones expired on the way", async () => {
    const store = start();
    expect(await textOf(store)).toBe("rows");
    expired.add("session-1");
    vend("session-2");
    expect(await textOf(store)).toBe("rows");
    expect(workspace.credentials).toHaveLength(2);
  });

  test("are refused with what to grant where Databricks vends nothing", async () => {
    workspace.faults = [
      ({ path }, response) => {
        if (!path.endsWith("temporary-table-credentials")) return false;
        response.writeHead(403, { "content-type": "application/json" });
        response.end('{"error_code":"PERMISSION_DENIED","message":"no EXTERNAL USE SCHEMA"}');
        return true;
      },
    ];
    await expect(textOf(start())).rejects.toMatchObject({
      code: "denied",
      message: expect.stringContaining("EXTERNAL USE SCHEMA"),
    });
  });

  test.each([
    [
      "for another cloud",
      { azure_user_delegation_sas: { sas_token: "x" }, expiration_time: 1, url: "abfss://x" },
    ],
    [
      "for another bucket",
      {
        aws_temp_credentials: { access_key_id: "a", secret_access_key: "b", session_token: "c" },
        expiration_time: 9e15,
        url: "s3://elsewhere/unity/orders",
      },
    ],
  ])("are not read with credentials %s", async (_what, vended) => {
    workspace.vended = vended;
    await expect(textOf(start())).rejects.toMatchObject({ code: "unsupported" });
  });
});

test.each([
  [{ table_type: "VIEW" }, "it is a view"],
  [{ data_source_format: "ICEBERG" }, "its format is ICEBERG"],
  [{ row_filter: { function_name: "f" } }, "held back"],
  [{ columns: [{ name: "a", type_text: "int", mask: { function_name: "f" } }] }, "held back"],
  [{ columns: [{ name: "a", type_text: "char(5)" }] }, "its column a compares texts"],
  [{ columns: [{ name: "a", type_text: "struct<b: CHARACTER (5)>" }] }, "its column a compares texts"],
  [
    { columns: [{ name: "a", type_text: "array<string collate UTF8_LCASE>" }] },
    "its column a compares texts",
  ],
  [{ storage_location: "abfss://container@account/x" }, "do not lie in S3"],
  [{ storage_location: "s3://lake" }, "do not lie in S3"],
  [{ storage_location: "s3://lake/" }, "do not lie in S3"],
  [{ storage_location: "s3://lake/a/../b" }, "do not lie in S3"],
  [{ table_id: undefined }, "tells no id"],
])("a table like %j is not read from its files", (changes, words) => {
  expect(filesPlaceOf({ ...orders, ...(changes as Partial<TableInfo>) })).toEqual({
    against: expect.stringContaining(words),
  });
});

test("a table with VARCHAR(n) is", () => {
  const columns = [{ name: "a", type_text: "varchar(5)" }];
  expect(filesPlaceOf({ ...orders, columns })).toMatchObject({ bucket: "lake" });
});
