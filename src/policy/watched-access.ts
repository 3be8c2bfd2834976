import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { lookAgain } from "../core/look-again.ts";
import type { Access, PolicyState } from "./access.ts";
import type { CompiledPolicy } from "./compile-policy.ts";

export interface WatchedOptions {
  /** Absolute. */
  path: string;
  /** The policy in a text, or what is wrong with it. Throws for a text that is none. */
  read(text: string): Promise<CompiledPolicy | readonly string[]>;
  /** Between two looks. Default 1 s. */
  everyMs?: number;
  /** After which a disk that does not answer counts as one that cannot be read. Default 30 s. */
  patienceMs?: number;
  /** Default: the file system's. */
  statFile?: (path: string) => Promise<Pick<Stats, "isFile" | "size">>;
}

const maxPolicyBytes = 1024 * 1024;

/**
 * A policy in a file, which is read again each second: what the file system says of when a file changed is too coarse to
 * rely on, and what watches it misses files that are swapped. A file that cannot be used is nobody's policy, whatever was
 * in force before it; nor is one on a disk that no longer answers, as of a file server that is gone.
 */
export function watchedAccess(options: WatchedOptions): Access {
  const { path, read } = options;
  const listeners: ((state: PolicyState) => void)[] = [];
  let state: PolicyState = { problems: [`The policy ${path} is not read yet.`] };
  let seen: string | undefined;
  let isClosed = false;
  let isLoaded = () => {};
  const loaded = new Promise<void>((resolve) => {
    isLoaded = resolve;
  });
  const take = async (found: Found) => {
    const signature = JSON.stringify(found);
    if (signature === seen) return;
    const next = await stateOf(found, path, read);
    if (isClosed) return;
    const isFirst = seen === undefined;
    seen = signature;
    state = next;
    isLoaded();
    if (!isFirst) for (const listener of listeners) listener(next);
  };
  const stop = lookRepeatedly(options, take);
  return {
    state: () => state,
    loaded,
    onChange: (listener) => void listeners.push(listener),
    close() {
      isClosed = true;
      stop();
      isLoaded();
    },
  };
}

/**
 * Hands over what is there, and once that nothing answers, until it is called. A look that hangs is the only one: each more
 * would take another of the few threads that files are opened by.
 */
function lookRepeatedly(
  { path, everyMs = 1_000, patienceMs = 30_000, statFile = stat }: WatchedOptions,
  take: (found: Found) => Promise<void>,
): () => void {
  const silent = { fault: `its disk has not answered for ${patienceMs / 1_000} s` };
  const look = async () => {
    let waits = 0;
    // In steps: of a process that was stopped meanwhile, as between two calls of a function, they do not count the time.
    const waiting = setInterval(() => {
      if (++waits * everyMs >= patienceMs) void take(silent);
    }, everyMs).unref();
    const found = await textOf(path, statFile).catch((thrown: unknown) => faultOf(thrown));
    clearInterval(waiting);
    await take(found);
  };
  return lookAgain(look, everyMs);
}

type Found = { text: string } | { fault: string };

async function textOf(path: string, statFile: NonNullable<WatchedOptions["statFile"]>): Promise<Found> {
  const stats = await statFile(path);
  if (!stats.isFile()) return { fault: "it is no file" };
  if (stats.size > maxPolicyBytes) return { fault: `it has more than ${maxPolicyBytes} bytes` };
  return { text: await readFile(path, "utf8") };
}

function faultOf(thrown: unknown): Found {
  return { fault: thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown) };
}

async function stateOf(found: Found, path: string, read: WatchedOptions["read"]): Promise<PolicyState> {
  if ("fault" in found) return { problems: [`The policy ${path} cannot be read: ${found.fault}`] };
  try {
    const policy = await read(found.text);
    return isProblems(policy) ? { problems: policy.map((problem) => `${path}: ${problem}`) } : { policy };
  } catch (thrown) {
    return { problems: [thrown instanceof Error ? thrown.message : String(thrown)] };
  }
}

function isProblems(read: CompiledPolicy | readonly string[]): read is readonly string[] {
  return Array.isArray(read);
}
