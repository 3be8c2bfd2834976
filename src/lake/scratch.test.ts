import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { nameOfProcess } from "./cache/instance.ts";
import { openScratch } from "./scratch.ts";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-scratch-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** As it would be named in another process. */
const nameOf = (pid: number, host?: string) => {
  const [thisHost, , startedMs, id] = nameOfProcess("one").split("~");
  return [host ?? thisHost, pid, startedMs, id].join("~");
};

async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid ?? 0;
}

test("what killed processes left is removed, and nothing of those that are there", async () => {
  const parent = await newFolder();
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const killed = nameOf(await endedPid());
  const [running, elsewhere, goneElsewhere] = [nameOf(process.ppid), nameOf(7, "other"), nameOf(8, "other")];
  for (const [name, minutes] of [
    [killed, 0],
    [running, 1],
    [elsewhere, 1],
    [goneElsewhere, 20],
  ] as const) {
    await mkdir(join(parent, name, "sql-1", "results"), { recursive: true });
    await writeFile(join(parent, name, "sql-1", "results", "rows"), "rows");
    await utimes(join(parent, name), minutesAgo(minutes), minutesAgo(minutes));
  }
  const scratch = openScratch(parent, "own");
  await mkdir(scratch.path);
  await expect.poll(() => readdir(parent)).toHaveLength(3);
  await scratch.close();
  expect((await readdir(parent)).sort()).toEqual([running, elsewhere].sort());
});

test("a folder that cannot be looked at stops nobody", async () => {
  const file = join(await newFolder(), "file");
  await writeFile(file, "");
  const scratch = openScratch(join(file, "queries"), "own");
  await expect(mkdir(scratch.path, { recursive: true })).rejects.toThrow("ENOTDIR");
  await scratch.close();
});
