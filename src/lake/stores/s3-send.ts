import type { S3Client } from "@aws-sdk/client-s3";
import { ToolError } from "../../core/errors.ts";
import type { BodyEnd, RetryBudget, ServiceGuard, ServiceTarget } from "../../core/service-guard.ts";
import type { S3Clients } from "./s3-clients.ts";
import {
  isServiceAnswer,
  isServiceFault,
  isStale,
  isWrongRegion,
  readS3Failure,
  toS3Error,
} from "./s3-errors.ts";
import { orStopped, stopError } from "./stopped.ts";

export interface S3Request {
  bucket: string;
  /** What the request is about, for messages. */
  uri: string;
  signal: AbortSignal;
  /** Of an upload: that it is not over says nothing. */
  takesLong?: boolean;
}

/** What a request is sent with. */
interface Means {
  plainGets: S3Clients["plainGets"];
  /** For what an answer that began still has to bring. */
  retries: RetryBudget;
  /** Whoever leaves a body that brought next to nothing for so long leaves a service that hangs. Milliseconds. */
  hangsAfterMs: number;
}

type Run<T> = (client: S3Client, means: Means) => Promise<T>;

/** Sends requests to the client of the bucket's region. Everything it throws is a `ToolError`. */
export interface S3Sender {
  send<T>(request: S3Request, run: Run<T>, rest?: (answer: T) => Promise<BodyEnd>): Promise<T>;
  /** Region of a bucket that turned out to be elsewhere than configured. */
  regionOf(bucket: string): string | undefined;
}

/** As whom requests are sent: what fails one role does not cut off another. Empty: as the process itself. */
export type Caller = Pick<ServiceTarget, "account" | "role">;

interface S3SenderOptions {
  guard: ServiceGuard;
  caller: Caller;
  answerMs: number;
}

/**
 * Beside the AWS SDK's retries, a request is sent once more where it can be corrected: to the bucket's own
 * region, or with credentials read anew. The SDK's `followRegionRedirects` is not used: it swaps the region of
 * the whole client while it works, under the feet of every other request.
 */
export function createS3Sender(clients: S3Clients, { guard, caller, answerMs }: S3SenderOptions): S3Sender {
  const regions = new Map<string, string>();
  const attempt = async <T>(
    { bucket, signal, takesLong = false }: S3Request,
    run: Run<T>,
    rest?: (answer: T) => Promise<BodyEnd>,
  ) => {
    const client = await orStopped(clients.client(regions.get(bucket)), signal);
    try {
      const target = { service: "s3", region: await client.config.region(), ...caller };
      const means = { plainGets: clients.plainGets, retries: guard.retries(target), hangsAfterMs: answerMs };
      const send = () => orStopped(run(client, means), signal);
      return {
        value: await guard.run(target, {
          send,
          ...(rest && { rest }),
          signal,
          ...(takesLong ? {} : { hangsAfterMs: answerMs }),
          isFailure: (thrown) => !(thrown instanceof ToolError) && isServiceFault(thrown),
          isAnswer: isServiceAnswer,
        }),
      };
    } catch (thrown) {
      if (signal.aborted) throw stopError(signal);
      // Of credentials that could not be had.
      if (thrown instanceof ToolError) throw thrown;
      const failure = readS3Failure(thrown);
      if (failure && isStale(failure)) {
        clients.renew(client);
        return { thrown, mended: true };
      }
      const region = failure?.bucketRegion;
      if (!failure || region === undefined || !isWrongRegion(failure, await client.config.region())) {
        return { thrown, mended: false };
      }
      regions.set(bucket, region);
      return { thrown, mended: true };
    }
  };
  return {
    regionOf: (bucket) => regions.get(bucket),
    async send(request, run, rest) {
      const first = await attempt(request, run, rest);
      if ("value" in first) return first.value;
      if (!first.mended) throw toS3Error(first.thrown, request.uri);
      const second = await attempt(request, run, rest);
      if ("value" in second) return second.value;
      throw toS3Error(second.thrown, request.uri);
    },
  };
}
