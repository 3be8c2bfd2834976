import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { startSecretsServer } from "../harness/secrets-server.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
});
afterAll(() => user.remove());

describe("settings", () => {
  test("say where each came from, and hide secrets", async () => {
    await writeFile(join(user.cwd, "sluice.yaml"), "results: { maxRows: 5 }\n");
    await writeFile(join(user.cwd, "endpoint"), "https://storage.example\n");
    const { code, stdout, stderr } = await user.sluice(["config", "--json", "--lake.buckets", "data/x/"], {
      env: {
        SLUICE_LAKE_S3_ENDPOINT: `secret://file${user.cwd}/endpoint`,
        API_KEY: "k3y",
        LOG_LEVEL: "WARNING",
      },
    });
    await rm(join(user.cwd, "sluice.yaml"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { settings, file, oldNames } = JSON.parse(stdout);
    const byPath = (path: string) => {
      const { value, from, name } = settings.find((setting: { path: string }) => setting.path === path);
      return [value, from, name];
    };
    expect(file).toBe(join(user.cwd, "sluice.yaml"));
    expect(byPath("results.maxRows")).toEqual([5, "file", file]);
    expect(byPath("lake.buckets")).toEqual([["data/x/"], "flag", "--lake.buckets"]);
    expect(byPath("lake.s3.endpoint")).toEqual(["(hidden)", "variable", "SLUICE_LAKE_S3_ENDPOINT"]);
    expect(byPath("log.level")).toEqual(["warn", "variable", "LOG_LEVEL"]);
    expect(byPath("results.maxBytes")).toEqual(["256KB", "default", ""]);
    expect(oldNames.map(({ name }: { name: string }) => name)).toEqual(["LOG_LEVEL", "API_KEY"]);
    expect(stdout).not.toContain("k3y");
  });

  test("may be secrets that AWS keeps, which are hidden too", async () => {
    const kept = await startSecretsServer({
      parameters: { "/prod/host": { Value: "https://storage.example", Type: "SecureString" } },
      secrets: { databricks: { SecretString: '{"token":"dapi-hunter2"}' } },
    });
    const { code, stdout, stderr } = await user.sluice(["config", "--json"], {
      env: {
        ...kept.env,
        SLUICE_LAKE_S3_ENDPOINT: "secret://ssm/prod/host",
        SLUICE_LAKE_DATABRICKS_TOKEN: "secret://secretsmanager/databricks#token",
        SLUICE_LAKE_DATABRICKS_HOST: "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com",
        SLUICE_LAKE_DATABRICKS_ALLOW: "main",
      },
    });
    await kept.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toMatch(/hunter2|storage\.example/);
    const hidden = JSON.parse(stdout).settings.filter(
      ({ value }: { value: unknown }) => value === "(hidden)",
    );
    expect(hidden.map(({ path }: { path: string }) => path)).toEqual([
      "lake.s3.endpoint",
      "lake.databricks.token",
    ]);
  });

  test("have a JSON Schema, and a table for people", async () => {
    expect(JSON.parse((await user.sluice(["config", "schema"])).stdout)).toMatchObject({
      type: "object",
      title: "Sluice settings",
    });
    const { stdout, stderr } = await user.sluice(["config"]);
    expect(stdout).toMatch(/^http\.port +8080 +default$/m);
    expect(stderr).toContain("there is no sluice.yaml here");
  });
});

describe("clients", () => {
  test.each([
    ["claude-desktop", ".config/Claude/claude_desktop_config.json", "mcpServers"],
    ["claude-code", "project/.mcp.json", "mcpServers"],
    ["cursor", ".cursor/mcp.json", "mcpServers"],
    ["vscode", "project/.vscode/mcp.json", "servers"],
    ["kiro", ".kiro/settings/mcp.json", "mcpServers"],
  ])("%s gets settings that start this very Sluice", async (client, path, member) => {
    const file = join(user.home, path);
    const args = ["connect", client, "--write", "--lake.localRoots", "data"];
    expect(await user.sluice(args, { env: { AWS_PROFILE: "dev" } })).toMatchObject({ code: 0, stdout: "" });
    const entry = JSON.parse(await readFile(file, "utf8"))[member].sluice;
    expect(entry).toMatchObject({
      command: process.execPath,
      args: [expect.stringMatching(/^\/.*main\.js$/), "stdio", `--lake.localRoots=["data=${user.cwd}/data"]`],
      env: { AWS_PROFILE: "dev" },
    });
    expect((await user.sluice(args, { env: { AWS_PROFILE: "dev" } })).stderr).toContain("has it already");
    expect((await readdir(join(file, ".."))).filter((name) => name.includes("backup"))).toEqual([]);
    const printed = await user.sluice(["connect", client, "--demo"]);
    expect(JSON.parse(printed.stdout)[member].sluice.args.slice(1)).toEqual(["demo", "--stdio"]);
    expect(printed.stderr).toContain(file);
  });

  test("are told what cannot be passed on, and a URL only where they take one", async () => {
    const { stderr } = await user.sluice(["connect", "cursor"], { env: { SLUICE_LOG_LEVEL: "debug" } });
    expect(stderr).toContain("Not passed on: SLUICE_LOG_LEVEL");
    const url = "http://127.0.0.1:8080/mcp";
    expect(JSON.parse((await user.sluice(["connect", "vscode", "--url", url])).stdout)).toEqual({
      servers: { sluice: { type: "http", url } },
    });
    await writeFile(join(user.cwd, "key"), "k-1\n");
    const withKey = ["connect", "cursor", "--url", url, "--key", `secret://file${user.cwd}/key`];
    expect(JSON.parse((await user.sluice(withKey)).stdout)).toEqual({
      mcpServers: { sluice: { url, headers: { "x-api-key": "k-1" } } },
    });
    const withToken = ["connect", "claude-code", "--url", url, "--token", "t-1"];
    expect(JSON.parse((await user.sluice(withToken)).stdout).mcpServers.sluice.headers).toEqual({
      authorization: "Bearer t-1",
    });
    expect(await user.sluice(["connect", "cursor", "--key", "k-1"])).toMatchObject({ code: 2, stdout: "" });
    expect(await user.sluice(["connect", "claude-desktop", "--url", url])).toMatchObject({
      code: 2,
      stdout: "",
    });
  });
});
