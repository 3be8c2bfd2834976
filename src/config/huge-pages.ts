import { accessSync, constants, readFileSync } from "node:fs";
import process from "node:process";

/** Node 22.15 and newer have it, and never return from it; older ones' types do not know it. */
type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

const { execve } = process as { execve?: Execve };

/** Says that the process was started anew: loaders of privileged programs take tunables out of the environment. */
const restarted = "HUGE_PAGES_ASKED_FOR";

/**
 * Puts what C code of this process allocates, such as the buffers of downloads, into huge pages: starts the process anew, under
 * its own id, with the variable that tells glibc so. Returns where it is set already, to whatever value, or where nothing would
 * come of it: on other systems, on Node before 22.15, and where the kernel gives huge pages to all who ask or to none.
 *
 * Sources: https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html (glibc.malloc.hugetlb, 2.35),
 * https://docs.kernel.org/admin-guide/mm/transhuge.html
 */
export function restartInHugePages(): void {
  const { env } = process;
  if (!execve || env.GLIBC_TUNABLES !== undefined || env[restarted] !== undefined) return;
  // A channel to the process that forked this one would be lost.
  if (process.send || !areGivenOnAdvice() || !canStart()) return;
  try {
    execve(process.execPath, [process.argv0, ...process.execArgv, ...process.argv.slice(1)], {
      ...env,
      [restarted]: "1",
      GLIBC_TUNABLES: "glibc.malloc.hugetlb=1",
    });
  } catch {
    // Node's permission model forbids it: the process goes on as it is.
  }
}

/** Where the system cannot start it, Node would abort. As of a Node that was replaced while it ran. */
function canStart(): boolean {
  try {
    accessSync(process.execPath, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function areGivenOnAdvice(): boolean {
  try {
    return readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8").includes("[madvise]");
  } catch {
    return false;
  }
}
