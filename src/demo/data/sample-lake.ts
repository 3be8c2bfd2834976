import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { dataVersion } from "./generate.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";
import { runGenerator } from "./run-generator.ts";

/** The sample lake on disk. */
export interface SampleLake {
  /** Has one folder per bucket and local root. */
  path: string;
  manifest: Manifest;
  /** Whether it was made now, and not found. */
  made: boolean;
}

export interface SampleLakeOptions {
  /** Absolute path of the folder the lake is kept in, beside others of its kind. */
  cacheDir: string;
  /** Told before the lake is made, which takes some seconds. */
  onMake?: () => void;
  signal?: AbortSignal;
}

/**
 * Opens the sample lake, and makes it first where there is none or it is damaged. It appears whole or not at all;
 * several processes may start at once: each makes its own, and all but the first throw theirs away.
 */
export async function openSampleLake({ cacheDir, onMake, signal }: SampleLakeOptions): Promise<SampleLake> {
  const path = join(cacheDir, `demo-data-v${dataVersion}`);
  const found = await readLake(path);
  if (found) return { path, manifest: found, made: false };
  onMake?.();
  await mkdir(cacheDir, { recursive: true });
  await removeLeftovers(cacheDir);
  const fresh = join(cacheDir, `${freshPrefix}${randomUUID()}`);
  await mkdir(fresh);
  try {
    await runGenerator(fresh, signal);
    return { path, manifest: await publish(fresh, path), made: true };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

const freshPrefix = "making-demo-data-";
const leftoverAgeMs = 3_600_000;

/** Puts the new lake in its place, or gives way to a sound one that came there first. */
async function publish(fresh: string, path: string): Promise<Manifest> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const sound = await readLake(path);
    if (sound) return sound;
    // A damaged lake steps aside under the new one's name, to be removed with it. Nobody sees a half of either.
    await ignoreMissing(rename(path, `${fresh}-damaged`));
    await rm(`${fresh}-damaged`, { recursive: true, force: true });
    try {
      await rename(fresh, path);
    } catch (error) {
      if (!isOccupied(error)) throw error;
    }
  }
  throw new Error(`The sample lake could not be put in place: others keep changing ${path}.`);
}

/** The manifest of a whole lake: every file there, with its size. `undefined` for anything less. */
async function readLake(path: string): Promise<Manifest | undefined> {
  try {
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(path, "manifest.json"), "utf8")));
    const whole = await Promise.all(
      manifest.objects.map(async ({ place, key, sizeBytes }) => {
        const stats = await stat(join(path, place, key));
        return stats.isFile() && stats.size === sizeBytes;
      }),
    );
    return manifest.version === dataVersion && whole.every(Boolean) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Removes what processes that were killed left behind; younger folders may be in work. */
async function removeLeftovers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(freshPrefix)) continue;
    const leftover = join(cacheDir, name);
    const stats = await stat(leftover).catch(() => undefined);
    if (stats && Date.now() - stats.mtimeMs > leftoverAgeMs)
      await rm(leftover, { recursive: true, force: true });
  }
}

async function ignoreMissing(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function isOccupied(error: unknown): boolean {
  return ["ENOTEMPTY", "EEXIST", "EPERM"].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
