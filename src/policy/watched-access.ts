import { readFile, stat } from "node:fs/promises";
import type { Access, PolicyState } from "./access.ts";
import type { CompiledPolicy } from "./compile-policy.ts";

export interface WatchedOptions {
  /** Absolute. */
  path: string;
  /** The policy in a text, or what is wrong with it. Throws for a text that is none. */
  read(text: string): Promise<CompiledPolicy | readonly string[]>;
  /** Between two looks. Default 1 s. */
  everyMs?: number;
}

const maxPolicyBytes = 1024 * 1024;

/**
 * A policy in a file, which is read again each second: what the file system says of when a file changed is too coarse to
 * rely on, and what watches it misses files that are swapped. A file that cannot be used is nobody's policy, whatever was
 * in force before it.
 */
export function watchedAccess({ path, read, everyMs = 1_000 }: WatchedOptions): Access {
  const listeners: ((state: PolicyState) => void)[] = [];
  let state: PolicyState = { problems: [`The policy ${path} is not read yet.`] };
  let seen: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const look = async () => {
    const text = await textOf(path).catch((thrown: unknown) => faultOf(thrown));
    const signature = JSON.stringify(text);
    if (signature === seen) return;
    const found = await stateOf(text, path, read);
    if (isClosed) return;
    const isFirst = seen === undefined;
    seen = signature;
    state = found;
    if (!isFirst) for (const listener of listeners) listener(found);
  };
  const again = () => {
    if (isClosed) return;
    timer = setTimeout(() => void look().finally(again), everyMs).unref();
  };
  return {
    state: () => state,
    loaded: look().finally(again),
    onChange: (listener) => void listeners.push(listener),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

type Found = { text: string } | { fault: string };

async function textOf(path: string): Promise<Found> {
  const stats = await stat(path);
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
