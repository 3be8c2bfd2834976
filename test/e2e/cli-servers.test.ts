import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRemote } from "../../src/commands/call/remote.ts";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
});
afterAll(() => user.remove());

/** Process ids of the living children. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text
    .split(" ")
    .filter((id) => id !== "")
    .map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("servers", () => {
  test("the demo prints how to use it, answers calls, and stops without leaving anything behind", async () => {
    const demo = user.start(["demo", "--port", "0"]);
    const [, url = ""] = await demo.waitFor(/serves the sample lake on (http:\S+\/mcp)/);
    await demo.waitFor(/Ctrl-C/);
    expect(demo.stdout()).toContain(`claude mcp add --transport http sluice ${url}`);
    const args = [
      "call",
      "lake_query",
      JSON.stringify({ sql: "SELECT 6 * 7 AS answer" }),
      "--json",
      "--url",
      url,
    ];
    const { code, stdout, stderr } = await user.sluice(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ rows: [[42]] });
    expect(await user.sluice(["call", "lake_qery", "{}", "--url", url])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("lake_query"),
    });
    const workers = process.platform === "linux" ? await childrenOf(demo.child.pid) : [];
    if (process.platform === "linux") expect(workers.length).toBeGreaterThan(0);
    const elsewhere = await user.sluice(["call", "lake_query", "{}", "--url", url.replace("/mcp", "/")]);
    expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining("mostly ends in /mcp") });
    demo.child.kill("SIGTERM");
    expect(await demo.ended).toMatchObject({ code: 0, signal: null });
    const lines = demo
      .stderr()
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("{"));
    const calls = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "tool call");
    expect(calls).toMatchObject([
      { tool: "lake_query", outcome: "ok", principal: "local" },
      { tool: "lake_qery", outcome: "not_found", principal: "local" },
    ]);
    expect(demo.stderr()).not.toContain("6 * 7");
    expect(await readdir(user.temp)).toEqual([]);
    expect(workers.filter(isAlive)).toEqual([]);
    expect(await readdir(join(user.home, ".cache/sluice/objects/queries"))).toEqual([]);
  });

  test("Ctrl-C, which a terminal sends to every process of the group, lets accepted calls finish", async () => {
    const demo = user.start(["demo", "--port", "0", "--json"], { ownGroup: true });
    const [, url = ""] = await demo.waitFor(/"url":"([^"]+\/mcp)"/);
    const caller = await connectRemote({ url: new URL(url) }, AbortSignal.timeout(60_000));
    let markBegun = () => {};
    const begun = new Promise<void>((resolve) => {
      markBegun = resolve;
    });
    // Seconds of rows: the first are told of while others are still made.
    const sql = "SELECT range AS i, md5(range::VARCHAR) AS m FROM range(2000000)";
    let isAnswered = false;
    const slow = caller
      .call("lake_query", { sql }, { signal: AbortSignal.timeout(60_000), progress: markBegun })
      .finally(() => {
        isAnswered = true;
      });
    await Promise.race([begun, slow]);
    expect(isAnswered).toBe(false);
    process.kill(-(demo.child.pid ?? 0), "SIGINT");
    expect(await slow).toMatchObject({
      kind: "completed",
      output: { columns: [{ name: "i" }, { name: "m" }] },
    });
    expect(await demo.ended).toMatchObject({ code: 0 });
    await caller.close();
  });

  test("a busy port is said, with what to do", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await user.sluice(["serve", "--port", String(port)]);
    server.close();
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is taken by another program`);
    expect(stderr).toContain("--port 0");
  });

  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
  };

  test.each([["stdio"], ["demo --stdio"]])(
    "%s writes protocol and nothing else to stdout, and ends with its client",
    async (command) => {
      const run = user.start(command.split(" "));
      const send = (message: object) => run.child.stdin?.write(`${JSON.stringify(message)}\n`);
      send(initialize);
      await run.waitFor(/"id":1/);
      send({ jsonrpc: "2.0", method: "notifications/initialized" });
      send({
        jsonrpc: "2.0",
        id: 2,
        method: "tools/call",
        params: { name: "lake_list_sources", arguments: {} },
      });
      await run.waitFor(/"id":2/);
      run.child.stdin?.end();
      const { code, stdout } = await run.ended;
      expect(code).toBe(0);
      for (const line of stdout.trim().split("\n"))
        expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
      expect(await readdir(user.temp)).toEqual([]);
    },
  );

  test.each(["SIGINT", "SIGTERM"] as const)("stdio stops on %s", async (signal) => {
    const run = user.start(["stdio"]);
    run.child.stdin?.write(`${JSON.stringify(initialize)}\n`);
    await run.waitFor(/"id":1/);
    run.child.kill(signal);
    expect(await run.ended).toMatchObject({ code: 0, signal: null });
  });

  test("an address others can reach is served to nobody unknown", async () => {
    const refused = await user.sluice(["serve", "--port", "0", "--http.host", "0.0.0.0"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("auth.modes asks nobody who they are");
    const weak = await user.sluice(["serve", "--port", "0"], { env: { API_KEY: "k3y" } });
    expect(weak.code).toBe(2);
    expect(weak.stderr).toContain("which can be guessed");
    expect(weak.stderr).not.toContain("k3y");
  });

  test("API_KEY is asked of whoever calls, and operators are told where it listens", async () => {
    const key = "k3y-of-an-older-system-4711";
    const run = user.start(["serve", "--port", "0", "--http.host", "0.0.0.0", "--json"], {
      env: { API_KEY: key },
    });
    const [, port] = await run.waitFor(/"url":"http:\/\/0\.0\.0\.0:(\d+)\/mcp"/);
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`);
    expect(await ready.json()).toEqual({ status: "ready" });
    const call = ["call", "lake_list_sources", "--url", `http://127.0.0.1:${port}/mcp`];
    const stranger = await user.sluice(call);
    expect(stranger).toMatchObject({ code: 1, stdout: "" });
    expect(stranger.stderr).toContain("give --key or --token");
    expect(await user.sluice([...call, "--key", key])).toMatchObject({ code: 0 });
    run.child.kill("SIGINT");
    const { code, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('"reason":"no credentials"');
    expect(stderr).not.toContain("k3y");
  });

  test("the command a client is given starts this Sluice anywhere", async () => {
    const { stdout } = await user.sluice(["connect", "cursor", "--lake.localRoots", "here=."]);
    const { command, args } = JSON.parse(stdout).mcpServers.sluice;
    expect(command).toBe(process.execPath);
    const run = spawn(command, args, { cwd: "/", env: { HOME: user.home } });
    run.stdin.write(`${JSON.stringify(initialize)}\n`);
    const call = { name: "lake_list_sources", arguments: {} };
    run.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params: call })}\n`);
    let text = "";
    for await (const chunk of run.stdout.setEncoding("utf8")) {
      text += chunk;
      if (text.includes('"id":2') && text.endsWith("\n")) break;
    }
    run.kill();
    expect(text).toContain(user.cwd);
  });

  test("wrong settings stop a server before it listens", async () => {
    const { code, stdout, stderr } = await user.sluice(["serve"], {
      env: { SLUICE_HTTP_PORT: "eighty", SLUICE_AWS_REGIONS: "x" },
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("http.port (SLUICE_HTTP_PORT)");
    expect(stderr).toContain("aws is not in this version");
  });
});
