import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { nodeForConformance } from "../../test/harness/node24.ts";

/** Restarts if it may, then says how it was started and what it heard. */
const program = `
  import { restartInHugePages } from ${JSON.stringify(pathToFileURL(`${import.meta.dirname}/huge-pages.ts`).href)};
  restartInHugePages();
  const { pid, argv, execArgv, env, execve } = process;
  const says = { pid, words: argv.slice(1), options: execArgv.length, tunables: env.GLIBC_TUNABLES, mine: env.MINE };
  process.stdin.once("data", (data) => {
    console.log(JSON.stringify({ ...says, heard: String(data), canRestart: execve !== undefined }));
  });
`;

interface Said {
  pid: number;
  words: string[];
  options: number;
  tunables?: string;
  mine?: string;
  heard: string;
  canRestart: boolean;
}

async function started(
  env: Record<string, string>,
  more: string[] = [],
): Promise<{ first?: number; said: Said }> {
  const options = [...more, "--max-old-space-size=99", "--input-type=module", "-e", program];
  const running = promisify(execFile)(nodeForConformance(), [...options, "--", "a word", "--and=more"], {
    env: { MINE: "1 2", ...env },
  });
  const first = running.child.pid;
  running.child.stdin?.end("said once");
  const { stdout } = await running;
  return { ...(first ? { first } : {}), said: JSON.parse(stdout) as Said };
}

function givesOnAdvice(): boolean {
  if (process.platform !== "linux") return false;
  return readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8").includes("[madvise]");
}

test("a server starts anew in huge pages, as the same process with all it was given", async () => {
  const { first, said } = await started({});
  expect(said.tunables).toBe(givesOnAdvice() && said.canRestart ? "glibc.malloc.hugetlb=1" : undefined);
  expect(said).toMatchObject({
    pid: first,
    words: ["a word", "--and=more"],
    mine: "1 2",
    heard: "said once",
  });
  expect(said.options).toBe(4);
});

test.each(["", "glibc.malloc.hugetlb=0"])("what the operator set stays: %j", async (given) => {
  expect((await started({ GLIBC_TUNABLES: given })).said.tunables).toBe(given);
});

test("one whose tunables were taken away does not start again and again", async () => {
  const { said } = await started({ HUGE_PAGES_ASKED_FOR: "1" });
  expect(said.tunables).toBeUndefined();
});

test("one that may start no process goes on as it is", async () => {
  const { said } = await started({}, ["--permission", "--allow-fs-read=*"]);
  expect(said.tunables).toBeUndefined();
  expect(said.heard).toBe("said once");
});
