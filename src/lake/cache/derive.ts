import { open, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { sizeOf } from "../stores/errno.ts";
import type { Derive } from "./cache.ts";
import type { Claim } from "./claims.ts";
import type { Pin } from "./pins.ts";
import type { Space } from "./space.ts";

/** How often a file in the making is measured. */
const measureMs = 25;
const maxHeadroomBytes = 16 * 1024 * 1024;

const savedFacts = z.object({ sizeBytes: z.int(), facts: z.unknown() });

/** What `derive` left, from an entry's facts. `undefined` where they do not fit the content. */
export function readSavedFacts(pin: Pin): { facts: unknown } | undefined {
  try {
    const saved = savedFacts.parse(JSON.parse(pin.facts));
    return saved.sizeBytes === pin.sizeBytes ? { facts: saved.facts } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Lets `derive` make a file and facts, and publishes both as one. The file is measured while it grows, and
 * stopped with `too_large` where the cache has no room for it.
 */
export async function deriveInto(
  space: Space,
  derive: Derive,
  key: string,
  signal: AbortSignal,
): Promise<Pin> {
  const claim = await space.claim(0);
  try {
    const facts = await deriveMeasured(claim, derive, signal);
    const sizeBytes = await syncedSize(claim.dataPath);
    const text = JSON.stringify({ sizeBytes, facts: facts ?? null });
    await claim.resize(sizeBytes + Buffer.byteLength(text));
    await writeFile(claim.factsPath, text, { mode: 0o600, flush: true });
    return await claim.publish(key);
  } catch (thrown) {
    await claim.drop();
    throw thrown;
  }
}

async function deriveMeasured(claim: Claim, derive: Derive, signal: AbortSignal): Promise<unknown> {
  const outgrown = new AbortController();
  const finished = new AbortController();
  const measuring = measure(claim, finished.signal).catch((thrown: unknown) => outgrown.abort(thrown));
  try {
    const facts = await derive(claim.dataPath, AbortSignal.any([signal, outgrown.signal]));
    return facts;
  } catch (thrown) {
    throw outgrown.signal.aborted ? outgrown.signal.reason : thrown;
  } finally {
    finished.abort();
    await measuring;
  }
}

async function measure(claim: Claim, finished: AbortSignal): Promise<void> {
  let claimedBytes = 0;
  while (!finished.aborted) {
    const sizeBytes = await sizeOf(claim.dataPath);
    if (sizeBytes > claimedBytes) claimedBytes = await growTo(claim, sizeBytes);
    await setTimeout(measureMs, undefined, { signal: finished }).catch(() => {});
  }
}

/** Ahead of what was measured, where there is room: the file grows until it is measured again. */
async function growTo(claim: Claim, sizeBytes: number): Promise<number> {
  const roomyBytes = sizeBytes + Math.min(sizeBytes, maxHeadroomBytes);
  try {
    await claim.resize(roomyBytes);
    return roomyBytes;
  } catch (thrown) {
    if (!(thrown instanceof ToolError)) throw thrown;
    await claim.resize(sizeBytes);
    return sizeBytes;
  }
}

/** An empty file where `derive` wrote none: facts alone are enough. */
async function syncedSize(path: string): Promise<number> {
  const file = await open(path, "a");
  try {
    await file.datasync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
