import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { openCallClient } from "../../aws/open-call-client.ts";
import type { AwsTimeouts } from "../../aws/timeouts.ts";
import type { S3Settings } from "../settings.ts";
import { isAwsEndpoint, noRegion } from "./aws-region.ts";
import { keyedSha256 } from "./keyed-sha256.ts";
import { PlainGets } from "./plain-gets.ts";

export type S3Timeouts = Required<AwsTimeouts>;

export interface S3ClientOptions {
  settings: S3Settings;
  timeouts: S3Timeouts;
  /** In place of the AWS SDK's own chain. */
  credentials?: S3ClientConfig["credentials"];
  /** Told where S3 says that credentials have expired. */
  onExpired?: (() => void) | undefined;
  /** Where no region is set, ask any: S3 says in its refusal where the bucket is. */
  findsRegion?: boolean;
}

/** One client per region, made when first asked for. */
export interface S3Clients {
  /** The client of `region`, or of the configured region. Throws `invalid_input` with no region set. */
  client(region?: string): Promise<S3Client>;
  /** For objects in the way these clients asked for others. */
  plainGets: Pick<PlainGets, "get">;
  /** Forgets the clients, so that the next one reads credentials anew, unless one took the place of `refused` meanwhile. */
  renew(refused: S3Client): void;
  close(): void;
}

/**
 * Signing needs a region even where the endpoint has none. S3-compatible servers take this one unless told
 * otherwise, so it is used for a configured endpoint outside AWS, and to ask where a bucket is.
 */
const anyRegion = "us-east-1";

export function createS3Clients(options: S3ClientOptions): S3Clients {
  const clients = new Map<string, Promise<S3Client>>();
  /** Those of now: many requests are refused with one expired credential, which is to be read once. */
  const open = new Set<S3Client>();
  const plainGets = new PlainGets();
  const made = (region?: string) => {
    const known = clients.get(region ?? "");
    if (known) return known;
    const client: Promise<S3Client> = makeClient(options, region).then((opened) => {
      plainGets.learnFrom(opened);
      if (clients.get(region ?? "") === client) open.add(opened);
      return opened;
    });
    // A failure must not stick: the user may mend the settings of the AWS SDK meanwhile.
    client.catch(() => clients.delete(region ?? ""));
    clients.set(region ?? "", client);
    return client;
  };
  const forget = () => {
    const old = [...clients.values()];
    clients.clear();
    open.clear();
    return old;
  };
  return {
    client: made,
    plainGets,
    // Calls under way keep the old client's connections; unused ones end by themselves.
    renew(refused) {
      if (!open.delete(refused)) return;
      options.onExpired?.();
      forget();
    },
    close() {
      for (const client of forget()) client.then((open) => open.destroy()).catch(() => {});
    },
  };
}

/** Loads what the first request takes, which is a good part of a second. What fails, the first request says. */
export async function loadS3Client(): Promise<void> {
  await Promise.allSettled([import("@aws-sdk/client-s3"), import("@aws-sdk/credential-providers")]);
}

async function makeClient(options: S3ClientOptions, asked: string | undefined): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  const { settings, timeouts, credentials = settings.credentials, findsRegion = false } = options;
  const { endpoint, forcePathStyle } = settings;
  const make = (region: string | undefined) =>
    openCallClient(S3Client, {
      ...{ region, endpoint, timeouts, credentials },
      maxAttempts: 3,
      connections: { most: 128 },
      // A large object takes as long as its call may.
      unboundCommand: "GetObjectCommand",
      own: ownConfig(forcePathStyle),
    });
  const client = make(asked ?? settings.region);
  try {
    await client.config.region();
    return client;
  } catch (cause) {
    client.destroy();
    if (findsRegion || (endpoint !== undefined && !isAwsEndpoint(endpoint))) return make(anyRegion);
    throw noRegion(cause);
  }
}

function ownConfig(forcePathStyle: boolean | undefined) {
  return {
    // Left out when false, so that the AWS SDK's own settings count.
    ...(forcePathStyle && { forcePathStyle }),
    sha256: keyedSha256(),
    // Ranges carry no checksum, and S3-compatible servers differ in the rest.
    responseChecksumValidation: "WHEN_REQUIRED",
    requestChecksumCalculation: "WHEN_REQUIRED",
  } satisfies S3ClientConfig;
}
