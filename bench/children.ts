import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Processes of one benchmark run: each is killed at its end, however it ends. */
export interface Children {
  start(program: string, args?: readonly string[], env?: Record<string, string>): ChildProcess;
  stop(child: ChildProcess): Promise<void>;
  stopAll(): Promise<void>;
}

export function createChildren(): Children {
  const running = new Set<ChildProcess>();
  const killAll = () => {
    for (const child of running) child.kill("SIGKILL");
  };
  process.once("exit", killAll);
  const stop = async (child: ChildProcess) => {
    if (!running.delete(child) || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return {
    start(program, args = [], env = {}) {
      const child = spawn(process.execPath, [program, ...args], {
        stdio: ["pipe", "pipe", "ignore", "ipc"],
        env: { ...process.env, ...env },
      });
      running.add(child);
      return child;
    },
    stop,
    async stopAll() {
      await Promise.all([...running].map(stop));
      process.off("exit", killAll);
    },
  };
}

/** The first line of JSON a child prints: what it has to tell before it can be used. */
export async function firstJsonLine(child: ChildProcess): Promise<unknown> {
  if (!child.stdout) throw new Error("The child has no standard output.");
  for await (const line of createInterface({ input: child.stdout })) {
    // fastmcp logs to standard output before.
    if (line.startsWith("{")) return JSON.parse(line);
  }
  throw new Error(`A benchmark process ended with code ${child.exitCode} before it was ready.`);
}

/** Processor time a child that answers for it (see announce) has used since its start, in milliseconds. */
export async function cpuMs(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [used] = await once(child, "message");
  return Number(used);
}
