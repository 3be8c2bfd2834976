import { availableParallelism, homedir, platform, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";

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

/** Where this operating system keeps what programs can make again. Sources: XDG Base Directory, Apple, Microsoft. */
export function cacheHome({ env, home, os }: Surroundings): string {
  if (os === "darwin") return join(home, "Library", "Caches", "sluice");
  if (os === "win32") return join(env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "sluice", "cache");
  return join(env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : join(home, ".cache"), "sluice");
}
