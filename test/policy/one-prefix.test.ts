import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestClient } from "../harness/clients.ts";
import { type PolicyServer, startPolicyServer } from "../harness/policy-server.ts";

/** Ann may read `team-a/` of one bucket and one folder; Bob may read all there is; nobody told who Eve is. */
let server: PolicyServer;
let ann: TestClient;
let bob: TestClient;
beforeAll(async () => {
  server = await startPolicyServer({
    rbac: {
      roles: {
        "team-a": { allow: ["lake_*"], resources: { buckets: ["lake/team-a/"], localRoots: ["root"] } },
        steward: { allow: ["*"] },
        reader: { allow: ["lake_get_metadata", "query_csv_data"] },
      },
      bindings: [
        { principals: ["ann"], roles: ["team-a"] },
        { principals: ["bob"], roles: ["steward"] },
        { principals: ["reader"], roles: ["reader"] },
      ],
    },
  });
  await server.s3.put("lake", "team-a/orders.csv", "id,total\n1,10\n2,20\n");
  await server.s3.put("lake", "team-a/note.txt", "A note of team A. It says little. It is short.");
  await server.s3.put("lake", "team-a2/orders.csv", "id,total\n7,secret\n");
  await server.s3.put("lake", "team-a", "id,total\n8,secret\n");
  await server.s3.put("lake", "team-b/orders.csv", "id,total\n9,secret\n");
  await server.s3.put("other", "team-a/orders.csv", "id,total\n9,secret\n");
  await server.write("shared.csv", "id\n1\n");
  ann = await server.connect("ann");
  bob = await server.connect("bob");
});
afterAll(async () => {
  await ann.close();
  await bob.close();
  await server.stop();
});

/** What of the rest must not be seen anywhere in an answer. */
const hidden = /team-b|team-a2|other|secret/;

const readers: [string, (uri: string) => Record<string, unknown>][] = [
  ["lake_get_metadata", (uri) => ({ uri })],
  ["lake_read_rows", (uri) => ({ uri })],
  ["lake_query", (uri) => ({ sql: `SELECT * FROM '${uri}'` })],
  ["lake_profile_dataset", (uri) => ({ uri })],
  ["lake_summarize_text", (uri) => ({ uri })],
];
const outside = [
  "s3://lake/team-b/orders.csv",
  "s3://lake/team-a2/orders.csv",
  "s3://lake/team-a",
  "s3://lake/team-a/../team-b/orders.csv",
  "s3://lake/team-a/./../team-b/orders.csv",
  "s3://other/team-a/orders.csv",
  "s3://lake/Team-A/orders.csv",
  "s3://lake/team-a%2F../team-b/orders.csv",
  "s3://lake//team-a/orders.csv",
  "s3://lake/nothing.csv",
];

describe.each(readers)("%s", (tool, argumentsOf) => {
  test.each(outside)("is denied %s, though its reader just read it", async (uri) => {
    await bob.call(tool, argumentsOf(uri));
    const { isError, structuredContent } = await ann.call(tool, argumentsOf(uri));
    expect({ isError, code: structuredContent?.code }).toEqual({ isError: true, code: "denied" });
  });

  test("reads what is inside", async () => {
    const uri = tool === "lake_summarize_text" ? "s3://lake/team-a/note.txt" : "s3://lake/team-a/orders.csv";
    expect((await ann.call(tool, argumentsOf(uri))).isError).toBeFalsy();
  });
});

test("a join with something outside is denied whole, and so is a source by a name of its own", async () => {
  const sql = "SELECT * FROM 's3://lake/team-a/orders.csv' a JOIN 's3://lake/team-b/orders.csv' b USING (id)";
  for (const args of [
    { sql },
    { sql: "SELECT * FROM a", sources: { a: { uri: "s3://lake/team-b/orders.csv" } } },
  ]) {
    await bob.call("lake_query", args);
    expect((await ann.call("lake_query", args)).structuredContent).toMatchObject({ code: "denied" });
  }
});

test.each(["s3://lake/**/*.csv", "s3://lake/*/orders.csv"])(
  "%s finds only what is inside, whoever asked before",
  async (uri) => {
    const sql = `SELECT count(*) AS n FROM '${uri}'`;
    const counted = async (client: TestClient) =>
      (await client.call("lake_query", { sql })).structuredContent?.rows;
    const args = { uri, columns: ["id"] };
    const ofAll = await counted(bob);
    await bob.call("lake_read_rows", args);
    expect(ofAll).toEqual([[4]]);
    expect(await counted(ann)).toEqual([[2]]);
    expect((await ann.call("lake_read_rows", args)).structuredContent).toMatchObject({ rows: [[1], [2]] });
    expect(await counted(bob)).toEqual(ofAll);
  },
);

test("listings name nothing else, at every level", async () => {
  const answers = [
    await ann.call("lake_list_sources", {}),
    await ann.call("lake_list_buckets", {}),
    await ann.call("list_s3_buckets", {}),
    await ann.call("lake_list_objects", {}),
    await ann.call("lake_list_objects", { uri: "s3://lake/" }),
    await ann.call("lake_list_objects", { uri: "s3://lake/", delimiter: "" }),
    await ann.call("lake_list_objects", { uri: "s3://lake/", glob: "**" }),
    await ann.call("lake_list_objects", { uri: "s3://lake/team" }),
  ];
  for (const answer of answers) {
    expect(answer.isError).toBeFalsy();
    expect(JSON.stringify(answer)).not.toMatch(hidden);
  }
  expect(answers[0]?.structuredContent?.sources).toMatchObject([
    { kind: "s3", name: "lake", uri: "s3://lake/", prefixes: ["team-a/"] },
    { kind: "local", name: "root", uri: server.root },
  ]);
  expect(answers[4]?.structuredContent).toMatchObject({ objects: [], prefixes: ["s3://lake/team-a/"] });
  expect((await ann.call("lake_list_objects", { uri: "s3://other/" })).structuredContent?.code).toBe(
    "denied",
  );
  expect(JSON.stringify(await bob.call("lake_list_objects", { uri: "s3://lake/" }))).toMatch(hidden);
});

test("resources and completions show nothing else", async () => {
  expect(await ann.resourceUris()).toEqual([
    "sluice://lake/s3://lake/team-a/",
    `sluice://lake/${server.root}/shared.csv`,
  ]);
  const [template = ""] = await ann.templates();
  expect(await ann.complete(template, "uri", "")).toEqual([`${server.root}/`, "s3://lake/"]);
  expect(await ann.complete(template, "uri", "s3://lake/")).toEqual(["s3://lake/team-a/"]);
  expect(await ann.complete(template, "uri", "s3://lake/team-")).toEqual(["s3://lake/team-a/"]);
  await expect(ann.readText("sluice://lake/s3://lake/team-b/orders.csv")).rejects.toThrow("denied");
  expect(await ann.readText("sluice://lake/s3://lake/team-a/orders.csv")).toContain('"total"');
});

test("/summarize is held to it too", async () => {
  const ask = (file_key: string) =>
    server.adapter.fetch(
      new Request("http://localhost/summarize", {
        method: "POST",
        headers: { authorization: "ann", "content-type": "application/json" },
        body: JSON.stringify({ file_key }),
      }),
    );
  expect((await ask("team-a/note.txt")).status).toBe(200);
  expect((await ask("team-b/orders.csv")).status).toBe(403);
});

test.each(["modern", "legacy"] as const)(
  "whoever has no role sees nothing and can call nothing (%s)",
  async (era) => {
    const eve = await server.connect("eve", era);
    expect(await eve.toolNames()).toEqual([]);
    expect(await eve.promptNames()).toEqual([]);
    expect(await eve.resourceUris()).toEqual([]);
    expect(await eve.templates()).toEqual([]);
    await expect(eve.call("lake_list_sources", {})).rejects.toThrow(
      /Unknown tool: lake_list_sources\. tools\/list has the names/,
    );
    await expect(eve.readText("sluice://lake/s3://lake/team-a/orders.csv")).rejects.toThrow(/not found/i);
    await expect(eve.complete("sluice://lake/{+uri}", "uri", "s3://")).rejects.toThrow(/Unknown resource/);
    await eve.close();
  },
);

test("a prompt is there for those alone who may see the tools it leads to", async () => {
  expect(await ann.promptNames()).toEqual(["explore_bucket", "check_data_quality", "explain_cost"]);
  const reader = await server.connect("reader");
  expect(await reader.toolNames()).toEqual(["lake_get_metadata", "lake_query"]);
  expect(await reader.promptNames()).toEqual(["explain_cost"]);
  await expect(reader.promptText("explore_bucket", { bucket: "lake" })).rejects.toThrow(
    "Unknown prompt: explore_bucket",
  );
  expect(await reader.resourceUris()).toEqual([]);
  const [template = ""] = await reader.templates();
  expect(await reader.complete(template, "uri", "s3://")).toEqual([]);
  await reader.close();
});
