import { availableParallelism, homedir, platform, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { nodeMajor } from "../core/node-major.ts";

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What settings are read from, beside the files they name. */
export interface Surroundings {
  env: Environment;
  /** Absolute; relative paths of the environment and of flags start here. */
  cwd: string;
  home: string;
  os: NodeJS.Platform;
  cpuCount: number;
  memoryBytes: number;
}

/** The surroundings of this process. The one place that reads its environment. */
export function readSurroundings(): Surroundings {
  return {
    env: { ...process.env },
    cwd: process.cwd(),
    home: homedir(),
    os: platform(),
    cpuCount: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

/**
 * Keeps the AWS SDK from warning about the Node version on stderr each time it starts.
 * It reads this one setting from the environment only.
 */
export function quietAwsSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
}

/**
 * Lets buffers count towards the heap's limit, as they did until Node 22. V8 of Node 24 and 25 marks the whole heap for
 * every 64 MB of buffers instead, so that a download takes three times the processor time. Newer ones are left alone: a flag
 * that V8 does not know is an error on stderr.
 */
export function countBuffersInHeapLimit(): void {
  if (nodeMajor === 24 || nodeMajor === 25) setFlagsFromString("--external-memory-accounted-in-global-limit");
}

/** Where this operating system keeps what programs can make again. Sources: XDG Base Directory, Apple, Microsoft. */
export function cacheHome({ env, home, os }: Surroundings): string {
  if (os === "darwin") return join(home, "Library", "Caches", "sluice");
  if (os === "win32") return join(env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "sluice", "cache");
  return join(env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : join(home, ".cache"), "sluice");
}
