import { randomUUID } from "node:crypto";
import { link, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { hasEnded, type ProcessIdentity, processIdentity } from "./process-identity.ts";

/** The right to append to a chain, which one process has at a time. */
export interface Claim {
  /** Lets another process have the chain. */
  release(): Promise<void>;
}

const ownerName = /^owner-(\d+)\.json$/;
const owner = processIdentity.extend({ released: z.boolean() });

/** Who has a chain: `free` for one that may be claimed, `silent` for one whose owner gave no sign for long. */
export type Ownership = "free" | "silent" | "owned";

const heartbeatMs = 60_000;
const silentAfterMs = 5 * heartbeatMs;

/**
 * Claims a chain, where nobody has it. Owners are numbered: to claim is to make the file of the next number, which
 * only one process can, and to have the highest one then. `undefined`: another process has it.
 */
export async function claimChain(folder: string, own: ProcessIdentity): Promise<Claim | undefined> {
  const highest = await highestOwner(folder);
  if (highest > 0 && (await ownershipAt(folder, highest, own)) !== "free") return undefined;
  const number = highest + 1;
  const path = ownerPath(folder, number);
  if (!(await makeOwner(path, own))) return undefined;
  if ((await highestOwner(folder)) !== number) {
    await rm(path, { force: true });
    return undefined;
  }
  for (const lower of (await ownerNumbers(folder)).filter((one) => one < number))
    await rm(ownerPath(folder, lower), { force: true });
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, heartbeatMs);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await writeFile(`${path}.released`, JSON.stringify({ ...own, released: true }), { mode: 0o600 });
      await rename(`${path}.released`, path);
    },
  };
}

export async function ownershipOf(folder: string, own: ProcessIdentity): Promise<Ownership> {
  const highest = await highestOwner(folder);
  return highest === 0 ? "free" : ownershipAt(folder, highest, own);
}

async function ownershipAt(folder: string, number: number, own: ProcessIdentity): Promise<Ownership> {
  const path = ownerPath(folder, number);
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    const found = owner.safeParse(JSON.parse(text));
    if (found.success && (found.data.released || hasEnded(found.data, own))) return "free";
    return Date.now() - mtimeMs > silentAfterMs ? "silent" : "owned";
  } catch (thrown) {
    // It went while it was looked at: another process is claiming.
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return "owned";
    throw thrown;
  }
}

/** Made whole, then linked: no process ever sees a file without its content, and a link never replaces one. */
async function makeOwner(path: string, own: ProcessIdentity): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.draft`;
  await writeFile(draft, JSON.stringify({ ...own, released: false }), { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST") return false;
    throw thrown;
  } finally {
    await rm(draft, { force: true });
  }
}

async function highestOwner(folder: string): Promise<number> {
  return Math.max(0, ...(await ownerNumbers(folder)));
}

async function ownerNumbers(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => {
    const [, number] = ownerName.exec(name) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
}

function ownerPath(folder: string, number: number): string {
  return join(folder, `owner-${number}.json`);
}
