import { hostname } from "node:os";
import { bootId, pidNamespace, processExists, processStat } from "../../core/processes.ts";

/** Process ids mean something within it: a host as it was started, and of its containers one. */
const here = [
  hostname().replace(/[^A-Za-z0-9.-]/g, "_"),
  bootId()?.slice(0, 8) ?? "",
  pidNamespace()?.replace(/\D/g, "") ?? "",
].join(".");

/** When this process started, in words that none before it had. */
const ownStart = ownTicks() ?? `o${Math.round(performance.timeOrigin)}`;

/** A name of this process for others to tell whether it is still there, and for none but it: `host~pid~start~id`. */
export function nameOfProcess(id: string): string {
  return [here, process.pid, ownStart, id].join("~");
}

/** Whether the process of such a name runs. Undefined where that cannot be known from here. */
export function processRuns(name: string): boolean | undefined {
  const [host, pid = "", start = ""] = name.split("~");
  if (host !== here || !/^[1-9]\d*$/.test(pid)) return undefined;
  if (Number(pid) === process.pid) return start === ownStart;
  if (!processExists(Number(pid))) return false;
  const stat = processStat(Number(pid));
  // Another process may have the same id by now. One that ended is there until its parent asks for it.
  if (!stat || !start.startsWith("t")) return undefined;
  return `t${stat.startTicks}` === start && !/[ZX]/.test(stat.state);
}

/** Undefined where the system does not say, or says it of another container's processes. */
function ownTicks(): string | undefined {
  const stat = processStat("self");
  return stat?.pid === process.pid ? `t${stat.startTicks}` : undefined;
}
