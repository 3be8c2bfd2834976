import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The built program, or an installed one that `PROGRAM_UNDER_TEST` names. */
export const program = process.env.PROGRAM_UNDER_TEST ?? join(import.meta.dirname, "../../dist/main.js");

export interface CliOptions {
  cwd: string;
  /** The whole environment: nothing of the tests' own reaches the program. */
  env: Record<string, string>;
  input?: string;
  /** Runs it in a process group of its own, as a terminal does. */
  ownGroup?: boolean;
}

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A program that runs, with what it has written so far. */
export interface RunningCli {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the match once standard output or error holds it; throws when the program ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<CliResult>;
}

/** Starts the program as a user's shell would. */
export function startCli(
  args: readonly string[],
  { cwd, env, input, ownGroup = false }: CliOptions,
): RunningCli {
  if (!existsSync(program)) throw new Error(`${program} is missing: run npm run build first.`);
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? "", ...env },
    detached: ownGroup,
  });
  const texts = { stdout: "", stderr: "" };
  const onText = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      for (const look of onText) look();
    });
  }
  if (input !== undefined) child.stdin.end(input);
  const ended = once(child, "close").then(([code, signal]): CliResult => ({ code, signal, ...texts }));
  return {
    child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    ended,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(texts.stdout) ?? pattern.exec(texts.stderr);
          if (match) resolve(match);
        };
        onText.add(look);
        look();
        void ended.then((result) => reject(new Error(`ended before ${pattern}: ${JSON.stringify(result)}`)));
      }),
  };
}

/** Runs the program to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, { input: "", ...options }).ended;
}
