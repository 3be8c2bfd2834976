import { readdir, readlink } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

/** Files below the root that this process holds open. */
async function openFiles(): Promise<string[]> {
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return links.filter((path) => path.startsWith(lake.root));
}

test.runIf(process.platform === "linux")(
  "every file is given back, whether a call succeeds, fails or is cancelled",
  async () => {
    const uri = await lake.write("a.csv", "id,v\n1,x\n2,y\n");
    const encoded = await lake.write("b.csv", Buffer.from("id,v\n1,é\n", "latin1"));
    for (let round = 0; round < 5; round++) {
      await lake.output("lake_read_rows", { uri });
      await lake.output("lake_query", { sql: `SELECT * FROM '${uri}' a JOIN '${encoded}' b USING (id)` });
      await lake.fault("lake_read_rows", { uri, filter: "nonsense = 1" });
      await lake.fault("lake_query", { sql: `SELECT error('stop') FROM '${uri}'` });
      await lake.output("lake_profile_dataset", { uri: `${lake.root}/a.csv` });
    }
    const controller = new AbortController();
    const scope = { tenantId: "default", principalId: "local", signal: controller.signal, progress() {} };
    const sql = `SELECT count(*) FROM range(100000000) a, range(100000) b, '${uri}' c`;
    const running = lake.lake.query({ sql, sources: {}, maxRows: 1, maxBytes: 1_000 }, scope);
    setTimeout(() => controller.abort(new Error("gone")), 300);
    await expect(running).rejects.toThrow();
    await expect.poll(openFiles, { timeout: 3_000 }).toEqual([]);
    expect((await lake.output("lake_read_rows", { uri })).rows).toHaveLength(2);
  },
);

test("calls at once on one object share its download and all see the same rows", async () => {
  const uri = await lake.put("shared.csv", `id\n${Array.from({ length: 5_000 }, (_, n) => n).join("\n")}\n`);
  lake.server.requests.length = 0;
  const pages = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      lake.output("lake_query", { sql: `SELECT sum(id) + ${n} FROM '${uri}'` }),
    ),
  );
  expect(pages.map(({ rows }) => rows[0][0])).toEqual(Array.from({ length: 12 }, (_, n) => 12_497_500 + n));
  expect(lake.server.requests.filter(({ method }) => method === "GET")).toHaveLength(1);
});
