import { join } from "node:path";
import type { Bucket } from "@aws-sdk/client-s3";
import type { LakeSettings } from "../settings.ts";
import type { S3Sender } from "./s3-send.ts";
import { stopError } from "./stopped.ts";
import type { Place } from "./store.ts";

/** Naming the places must not hang on what AWS adds to them. */
const askAwsMs = 4000;

/**
 * The configured buckets, with region and date of creation where AWS tells them (they stay absent where
 * `s3:ListAllMyBuckets` is not granted or AWS does not answer in time), and the local roots.
 */
export async function listPlaces(
  settings: Pick<LakeSettings, "buckets" | "localRoots">,
  sender: S3Sender,
  signal: AbortSignal,
): Promise<Place[]> {
  const names = [...new Set(settings.buckets.map((allowed) => allowed.bucket))];
  const known = names.length > 0 ? await askAws(sender, signal) : new Map<string, Bucket>();
  const buckets = names.map((name): Place => {
    const prefixes = settings.buckets.filter(({ bucket }) => bucket === name).map(({ prefix }) => prefix);
    const region = known.get(name)?.BucketRegion ?? sender.regionOf(name);
    const createdAt = known.get(name)?.CreationDate;
    return {
      kind: "s3",
      name,
      uri: `s3://${name}/`,
      ...(region === undefined ? {} : { region }),
      ...(createdAt === undefined ? {} : { createdAt }),
      ...(prefixes.includes("") ? {} : { prefixes }),
    };
  });
  const roots = settings.localRoots.flatMap(({ name, path, below = [[]] }) =>
    below.map(
      (names): Place => ({ kind: "local", name: [name, ...names].join("/"), uri: join(path, ...names) }),
    ),
  );
  return [...buckets, ...roots];
}

async function askAws(sender: S3Sender, caller: AbortSignal): Promise<Map<string, Bucket>> {
  const signal = AbortSignal.any([caller, AbortSignal.timeout(askAwsMs)]);
  const found = new Map<string, Bucket>();
  try {
    const { ListBucketsCommand } = await import("@aws-sdk/client-s3");
    let token: string | undefined;
    do {
      // A page size is what makes AWS name the regions.
      const command = new ListBucketsCommand({
        MaxBuckets: 1000,
        ...(token ? { ContinuationToken: token } : {}),
      });
      const request = { bucket: "", uri: "the list of buckets", signal };
      const page = await sender.send(request, (client) => client.send(command, { abortSignal: signal }));
      for (const bucket of page.Buckets ?? []) if (bucket.Name) found.set(bucket.Name, bucket);
      token = page.ContinuationToken;
    } while (token);
  } catch {
    if (caller.aborted) throw stopError(caller);
  }
  return found;
}
