import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { nameOfProcess, processRuns } from "./cache/process-name.ts";
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
  const before = [host, pid, "t1", "before"].join("~");
  // A machine that slept gave no sign for days; nobody knows how long those elsewhere give none.
  const there = [running.name, nameOfProcess("second"), "elsewhere~7~t1~one", "of another layout"];
  for (const name of [killed.name, before, ...there]) await leave(parent, name, 3 * dayMs);
  const scratch = openScratch(parent, "own");
  await mkdir(scratch.path);
  await expect.poll(() => readdir(parent)).toHaveLength(5);
  await scratch.close();
  expect((await readdir(parent)).sort()).toEqual(there.sort());
});

test("what gives no sign while it is watched is removed, and what gives one stays", async () => {
  const parent = await newFolder();
  const [silent, heard] = ["elsewhere~7~t1~silent", "elsewhere~8~t1~heard"];
  for (const name of [silent, heard, nameOfProcess("second")]) await leave(parent, name, dayMs);
  const beat = setInterval(() => void utimes(join(parent, heard), new Date(), new Date()), 20);
  const scratch = openScratch(parent, "own", { sweepEveryMs: 50, silentMs: 400 });
  await expect.poll(() => readdir(parent)).toHaveLength(2);
  clearInterval(beat);
  await scratch.close();
  expect((await readdir(parent)).sort()).toEqual([heard, nameOfProcess("second")].sort());
});

test("a process that ended is gone, though its parent did not ask for it yet", async () => {
  const parent = await newFolder();
  const program = `import("${new URL("./cache/process-name.ts", import.meta.url)}").then(({ nameOfProcess }) => {
    process.stdout.write(nameOfProcess("one"));
  });`;
  // The shell's child ends, and the shell does not wait for it.
  const command = `"${process.execPath}" --import tsx -e '${program}' & exec sleep 60`;
  const shell = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void shell.kill("SIGKILL"));
  const [name] = await once(shell.stdout, "data");
  await leave(parent, String(name), 0);
  await expect.poll(() => processRuns(String(name))).toBe(false);
  const scratch = openScratch(parent, "own");
  await expect.poll(() => readdir(parent)).toEqual([]);
  await scratch.close();
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
