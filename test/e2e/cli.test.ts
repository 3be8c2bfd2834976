import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
});
afterAll(() => user.remove());

describe("the command line", () => {
  test("data goes to stdout, words to stderr", async () => {
    const { code, stdout, stderr } = await user.sluice(["--version"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await user.sluice(["--help"]);
    for (const name of ["demo", "serve", "stdio", "tools", "call", "config", "connect", "doctor", "audit"]) {
      expect(help.stdout).toContain(`sluice ${name} `);
    }
    for (const later of ["proxy", "iam"]) expect(help.stdout).not.toContain(`sluice ${later}`);
  });

  test.each([
    "demo",
    "serve",
    "stdio",
    "tools",
    "call",
    "config",
    "connect",
    "doctor",
    "audit",
    "completion",
  ])("%s --help has examples", async (name) => {
    const { code, stdout } = await user.sluice([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n +sluice /);
  });

  test.each([
    [["sreve"], 'did you mean "serve"?'],
    [["serve", "--prot", "1"], "did you mean --port?"],
    [["tools", "--lake.bukets", "a"], "did you mean lake.buckets?"],
    [["tools", "--aws.regions", "x"], "not in this version"],
    [["connect", "cursr"], 'did you mean "cursor"?'],
    [["call"], "sluice call wants <tool> [arguments..]."],
    [["demo", "--stdio", "--port", "1"], "leave --port out"],
    [["tools", "extra"], '"extra"'],
  ])("%j is wrong usage", async (args, says) => {
    const { code, stdout, stderr } = await user.sluice(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(says);
  });

  test("a reader that stops early is no fault", async () => {
    const run = user.start(["config", "--json"], { input: "" });
    run.child.stdout?.destroy();
    expect(await run.ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining("EPIPE") });
  });

  test("shells complete commands, tools, clients and settings", async () => {
    const words = async (...typed: string[]) =>
      (await user.sluice(["completion", "words", "--", ...typed])).stdout
        .split("\n")
        .filter((word) => word !== "");
    expect(await words("con")).toEqual(["config", "connect"]);
    expect(await words("call", "lake_r")).toEqual(["lake_read_rows"]);
    expect(await words("connect", "c")).toEqual(["claude-desktop", "claude-code", "cursor"]);
    expect(await words("serve", "--lake.cache.")).toEqual(["--lake.cache.dir", "--lake.cache.maxBytes"]);
    expect((await user.sluice(["completion", "bash"])).stdout).toContain(
      "complete -o default -F _sluice sluice",
    );
  });
});
