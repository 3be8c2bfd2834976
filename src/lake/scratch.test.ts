import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { nameOfProcess } from "./cache/process-name.ts";
import { openScratch } from "./scratch.ts";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-scratch-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that runs until the test ends, and its name. */
async function runningName(): Promise<{ name: string; kill: () => Promise<void> }> {
  const program = `import("${new URL("./cache/process-name.ts", import.meta.url)}").then(({ nameOfProcess }) => {
    process.stdout.write(nameOfProcess("one"));
    setInterval(() => {}, 1_000);
  });`;
  const child = spawn(process.execPath, ["--import", "tsx", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  };
  onTestFinished(kill);
  const [name] = await once(child.stdout, "data");
  return { name: String(name), kill };
}

const dayMs = 24 * 60 * 60_000;

async function leave(parent: string, name: string, silentMs: number): Promise<void> {
  await mkdir(join(parent, name, "sql-1", "results"), { recursive: true });
  await writeFile(join(parent, name, "sql-1", "results", "rows"), "rows");
  const then = new Date(Date.now() - silentMs);
  await utimes(join(parent, name), then, then);
}

test("what killed processes left is removed, and nothing of those that are there", async () => {
  const parent = await newFolder();
  const [killed, running] = await Promise.all([runningName(), runningName()]);
  await killed.kill();
  // Of the id of this process: of one before it, and of it.
  const [host, pid] = nameOfProcess("").split("~");
  const before = [host, pid, "1", "before"].join("~");
  const second = nameOfProcess("second");
  const gone = [killed.name, before, "elsewhere~7~1~silent"];
  const there = [running.name, second, "elsewhere~8~1~heard-of"];
  for (const name of gone) await leave(parent, name, 2 * dayMs);
  // A machine that slept gave no sign for days.
  for (const name of [running.name, second]) await leave(parent, name, 3 * dayMs);
  await leave(parent, "elsewhere~8~1~heard-of", dayMs / 2);
  await leave(parent, "of another layout", dayMs / 2);
  const scratch = openScratch(parent, "own");
  await mkdir(scratch.path);
  await expect.poll(() => readdir(parent)).toHaveLength(5);
  await scratch.close();
  expect((await readdir(parent)).sort()).toEqual([...there, "of another layout"].sort());
});

test("what a process left that was killed just now is removed at once", async () => {
  const parent = await newFolder();
  const killed = await runningName();
  await leave(parent, killed.name, 0);
  await killed.kill();
  const scratch = openScratch(parent, "own");
  await expect.poll(() => readdir(parent)).toEqual([]);
  await scratch.close();
});

test("a folder that cannot be looked at stops nobody, and closing it neither", async () => {
  const file = join(await newFolder(), "file");
  await writeFile(file, "");
  await openScratch(join(file, "queries"), "own").close();
  expect(await readFile(file, "utf8")).toBe("");
});
