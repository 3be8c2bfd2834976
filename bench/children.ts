import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Processes of one benchmark run: each is killed at its end, however it ends. */
export interface Children {
  start(program: string, args?: readonly string[], options?: StartOptions): ChildProcess;
  stop(child: ChildProcess): Promise<void>;
  stopAll(): Promise<void>;
}

interface StartOptions {
  env?: Record<string, string>;
  /** Another Node than this one. */
  node?: string;
  /** Messages between it and us, for cpuMs. Nobody who starts a server has one. */
  channel?: boolean;
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
    start(program, args = [], { env = {}, node = process.execPath, channel = false } = {}) {
      const child = spawn(node, [program, ...args], {
        stdio: ["pipe", "pipe", "ignore", ...(channel ? ["ipc" as const] : [])],
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
  let found: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    found = line;
    break;
  }
  if (found === undefined) {
    throw new Error(`A benchmark process ended with code ${child.exitCode} before it was ready.`);
  }
  // fastmcp logs to standard output, before and after: nothing may pile up in the pipe.
  child.stdout.resume();
  return JSON.parse(found);
}

/** Processor time a child that answers for it (see announce) has used since its start, in milliseconds. */
export async function cpuMs(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [used] = await once(child, "message");
  return Number(used);
}

/** One line of JSON asked, one answered. */
export interface JsonExchange {
  ask(question: unknown): Promise<unknown>;
  /** The next line without asking: what the child says of itself at its start. */
  next(): Promise<unknown>;
}

/** Talks with a child over its standard input and output. An answer `{error}` is thrown. */
export function jsonExchange({ stdin, stdout }: ChildProcess): JsonExchange {
  if (!stdin || !stdout) throw new Error("The child needs its standard input and output.");
  // A child that has ended is told by its missing answer.
  stdin.on("error", () => {});
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("A benchmark process has ended.");
    const answer = JSON.parse(value) as { error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  };
  return {
    next,
    async ask(question) {
      stdin.write(`${JSON.stringify(question)}\n`);
      return next();
    },
  };
}
