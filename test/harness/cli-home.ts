import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CliResult, type RunningCli, runCli, startCli } from "./cli.ts";

/** A user's machine in small: a home folder, a project to stand in, a folder for temporary files. */
export interface CliHome {
  home: string;
  cwd: string;
  temp: string;
  /** Runs the program to its end. */
  sluice(args: readonly string[], given?: Given): Promise<CliResult>;
  start(args: readonly string[], given?: Given): RunningCli;
  /** Ends what still runs and removes the folders. */
  remove(): Promise<void>;
}

export interface Given {
  env?: Record<string, string>;
  input?: string;
  ownGroup?: boolean;
}

export async function createCliHome(): Promise<CliHome> {
  const home = await mkdtemp(join(tmpdir(), "sluice-home-"));
  const [cwd, temp] = [join(home, "project"), join(home, "tmp")];
  await Promise.all([mkdir(cwd), mkdir(temp)]);
  const base = { HOME: home, TMPDIR: temp, AWS_EC2_METADATA_DISABLED: "true" };
  const options = ({ env = {}, ...rest }: Given = {}) => ({ cwd, env: { ...base, ...env }, ...rest });
  const running = new Set<RunningCli>();
  return {
    home,
    cwd,
    temp,
    sluice: (args, given) => runCli(args, options(given)),
    start(args, given) {
      const run = startCli(args, options(given));
      running.add(run);
      void run.ended.then(() => running.delete(run));
      return run;
    },
    async remove() {
      // What a failed test left running must not outlive it.
      for (const { child } of running) child.kill("SIGKILL");
      await rm(home, { recursive: true, force: true });
    },
  };
}
