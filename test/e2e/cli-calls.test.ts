import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { startS3Server } from "../harness/s3-server.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
});
afterAll(() => user.remove());

describe("tools and calls on the sample lake", () => {
  test("tools lists what this configuration offers", async () => {
    const { code, stdout } = await user.sluice(["tools", "--json", "--tools.deny", "lake_query"]);
    expect(code).toBe(0);
    const names = JSON.parse(stdout).map(({ name }: { name: string }) => name);
    expect(names).toContain("lake_read_rows");
    expect(names).not.toContain("lake_query");
    expect((await user.sluice(["tools", "--tools.deny", "lake_qery"])).stderr).toContain(
      'did you mean "lake_query"?',
    );
    expect((await user.sluice(["tools"])).stdout).toMatch(/^lake_query +lake +read +\d+ /m);
  });

  const sql = "SELECT status, count(*) n FROM 's3://demo-lake/orders/' GROUP BY 1 ORDER BY 2 DESC";

  test("a call answers with JSON for programs, a table for people", async () => {
    const { code, stdout, stderr } = await user.sluice([
      "call",
      "lake_query",
      JSON.stringify({ sql }),
      "--json",
      "--demo",
    ]);
    expect({ code, stderr: stderr.replace(/^Making the sample data.*\n/, "") }).toEqual({
      code: 0,
      stderr: "",
    });
    expect(JSON.parse(stdout)).toMatchObject({
      columns: [{ name: "status" }, { name: "n" }],
      truncated: false,
    });
    const table = await user.sluice(["call", "lake_query", `sql=${sql}`, "--demo"]);
    expect(table.stdout).toMatch(/^status +n$/m);
    expect(table.stdout).toMatch(/^delivered +\d+$/m);
  });

  test("--all follows the cursor to the last row", async () => {
    const counted = "SELECT i FROM range(2500) AS t(i)";
    const { code, stdout } = await user.sluice(["call", "lake_query", "-", "--all", "--demo"], {
      input: JSON.stringify({ sql: counted }),
    });
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => Number(JSON.parse(line).i));
    expect(rows).toEqual(Array.from({ length: 2500 }, (_, index) => index));
  });

  test("a reader who leaves ends the walk, without a fault and without a trace", async () => {
    const sql = "SELECT i FROM range(200000) AS t(i)";
    const run = user.start(["call", "lake_query", `sql=${sql}`, "--all", "--demo"]);
    await run.waitFor(/"i":1000\b/);
    run.child.stdout?.destroy();
    expect(await run.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(join(user.home, ".cache/sluice/objects/queries"))).toEqual([]);
  });

  test.each([
    [["lake_qery", "{}"], 2, 'did you mean "lake_query"?'],
    [["lake_query", "sqll=x"], 2, 'did you mean "sql"?'],
    [["lake_query", "{sql}"], 2, "not JSON"],
    [["lake_query", `sql=SELECT * FROM read_text('/etc/passwd')`], 1, "invalid_input: "],
    [["lake_read_rows", "uri=s3://demo-lake/nothing.csv"], 1, "not_found: "],
    [["lake_read_rows", "uri=s3://not-mine/x.csv"], 1, "denied: "],
  ])("%j fails in words", async (args, code, says) => {
    const result = await user.sluice(["call", ...args, "--demo"]);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
    expect(result.stderr).toContain(says);
  });

  test("programs get faults as JSON", async () => {
    const { code, stdout } = await user.sluice([
      "call",
      "lake_read_rows",
      "uri=s3://not-mine/x",
      "--demo",
      "--json",
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "denied", retryable: false } });
  });

  test("a server that is not there is named", async () => {
    const { code, stderr } = await user.sluice([
      "call",
      "lake_query",
      "{}",
      "--url",
      "http://127.0.0.1:9/mcp",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^sluice: No MCP server answers at http:\/\/127\.0\.0\.1:9\/mcp\. Is it running\? \(.+\)\n$/,
    );
  });
});

describe("exports", () => {
  test("are refused until the settings let the server write, and say where", async () => {
    const server = await startS3Server(["lake"]);
    try {
      const env = { AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "eu-west-1" };
      const place = ["--lake.s3.endpoint", server.endpoint, "--lake.s3.forcePathStyle"];
      const call = ["call", "lake_export_query", "sql=SELECT 1 AS a", "format=csv", "--json", ...place];
      const off = await user.sluice(call, { env });
      expect(off.code).toBe(1);
      expect(off.stdout + off.stderr).toContain("read-only");
      const nowhere = await user.sluice([...call, "--writes", "allow"], { env });
      expect(nowhere.stdout + nowhere.stderr).toContain("lake.exports.buckets");
      const exportTo = ["--writes", "allow", "--lake.exports.buckets", "lake/out/"];
      const { code, stdout } = await user.sluice([...call, ...exportTo], { env });
      expect(code).toBe(0);
      const { uri, url } = JSON.parse(stdout);
      expect(uri).toMatch(/^s3:\/\/lake\/out\/sluice-[0-9a-f]{32}\.csv$/);
      expect(await (await fetch(url)).text()).toBe("a\r\n1\r\n");
    } finally {
      await server.stop();
    }
  });

  test("are planned first with writes: confirm, and written with --yes", async () => {
    const server = await startS3Server(["lake"]);
    try {
      const env = { AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "eu-west-1" };
      const place = ["--lake.s3.endpoint", server.endpoint, "--lake.s3.forcePathStyle"];
      const allowed = ["--writes", "confirm", "--lake.exports.buckets", "lake/out/"];
      const call = [
        "call",
        "lake_export_query",
        "sql=SELECT 1 AS a",
        "name=one",
        "--json",
        ...place,
        ...allowed,
      ];
      const planned = await user.sluice(call, { env });
      expect(planned.code).toBe(1);
      expect(planned.stderr).toContain("--yes");
      expect(JSON.parse(planned.stdout).error.details.plan).toMatchObject({
        changes: [{ what: "s3://lake/out/one.parquet" }, { what: "statement", to: "SELECT 1 AS a" }],
      });
      const done = await user.sluice([...call, "--yes"], { env });
      expect(done.code).toBe(0);
      expect(done.stderr).toContain("s3://lake/out/one.parquet: a new object: parquet");
      expect(JSON.parse(done.stdout)).toMatchObject({ uri: "s3://lake/out/one.parquet", rows: 1 });
    } finally {
      await server.stop();
    }
  });
});
