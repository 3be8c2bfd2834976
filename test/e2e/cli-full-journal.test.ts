import { spawnSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verifyJournal } from "../../src/audit/verify/verify-journal.ts";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";

let user: CliHome;
beforeEach(async () => {
  user = await createCliHome();
});
afterEach(() => user.remove());

// A file that may not grow is, to whoever appends to it, a disk that is full: the write is cut off and then fails.
const isLinux = process.platform === "linux" && spawnSync("prlimit", ["--version"]).status === 0;

test.skipIf(!isLinux)(
  "a journal that cannot grow: writes are refused, reads go on, alarms are raised, and it mends",
  async () => {
    const settings = {
      audit: { journalDir: "journal" },
      lake: {
        localRoots: ["files=."],
        buckets: ["out"],
        exports: { buckets: ["out"] },
        s3: { endpoint: "http://127.0.0.1:9", region: "eu-central-1" },
      },
      writes: "allow",
    };
    await writeFile(join(user.cwd, "sluice.yaml"), JSON.stringify(settings));
    await writeFile(join(user.cwd, "a.csv"), "a\n1\n");
    const server = user.start(["serve", "--port", "0"]);
    const [, url = ""] = await server.waitFor(/serves MCP on (\S+)\/mcp/);
    const adapter = {
      fetch: (request: Request) => fetch(new Request(request.url.replace("http://localhost", url), request)),
    };
    const call = async (name: string, args: unknown) => {
      const { body, headers } = modernRequest("tools/call", { name, arguments: args });
      const { messages } = await postMcp(adapter, body, headers);
      return messages.at(-1)?.result as { isError?: boolean; structuredContent: Record<string, unknown> };
    };
    const read = () => call("lake_list_sources", {});
    const write = () => call("lake_export_query", { sql: "SELECT 1 AS one", format: "csv" });
    const metric = async (name: string) =>
      Number(new RegExp(`^${name} (\\S+)$`, "m").exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
    const limit = (bytes: string) =>
      expect(spawnSync("prlimit", [`--pid=${server.child.pid}`, `--fsize=${bytes}:unlimited`]).status).toBe(
        0,
      );

    expect(await read()).not.toHaveProperty("isError", true);
    expect(await metric("sluice_audit_journal_writable")).toBe(1);
    limit("1500");
    const answers = [];
    for (let count = 0; count < 5; count++) answers.push(await read());
    expect(answers.filter(({ isError }) => isError)).toEqual([]);
    const refused = await write();
    expect(refused).toMatchObject({
      isError: true,
      structuredContent: { code: "unavailable", retryable: true },
    });
    expect(JSON.stringify(refused)).toContain("cannot be written");
    expect(JSON.stringify(refused)).not.toContain(user.cwd);
    expect(await metric("sluice_audit_journal_writable")).toBe(0);
    expect(await metric("sluice_audit_journal_write_failures_total")).toBeGreaterThan(0);
    expect(server.stderr()).toMatch(/"level":"error".*"event":"audit journal cannot be written"/);
    expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({
      status: "ready",
      dependencies: { "audit journal": { detail: expect.stringContaining("are refused") } },
    });

    limit("unlimited");
    await expect.poll(() => metric("sluice_audit_journal_writable"), { timeout: 10_000 }).toBe(1);
    // It comes as far as S3, for which this server has no credentials.
    expect(JSON.stringify(await write())).not.toContain("audit journal");
    server.child.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ code: 0 });

    const dir = join(user.cwd, "journal");
    expect(await verifyJournal({ dir, store: undefined, retentionDays: 90 })).toMatchObject({ problems: [] });
    const [chain = ""] = await readdir(dir);
    const [segment = ""] = (await readdir(join(dir, chain))).filter((name) => name.endsWith(".ndjson"));
    const records = (await readFile(join(dir, chain, segment), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    // Nothing of what was read meanwhile is lost, and the gap itself is on record.
    expect(
      records.filter(({ tool, kind }) => tool === "lake_list_sources" && kind === "outcome"),
    ).toHaveLength(6);
    expect(records.filter(({ kind }) => kind === "gap")).toMatchObject([
      { reason: "EFBIG", droppedRecords: 0 },
    ]);
  },
  60_000,
);
