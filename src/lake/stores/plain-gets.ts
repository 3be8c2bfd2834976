import type { GetObjectCommandInput, GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { isRecord } from "../../core/record.ts";
import { beginServiceCall, plainName } from "../../core/service-calls.ts";
import { PlainRefusal, plainRefusal } from "./plain-refusal.ts";

/** What is read of the answer to a GetObject. */
export type GotObject = Pick<GetObjectCommandOutput, "Body" | "ContentLength" | "ContentRange" | "ETag">;
export type WantedObject = Pick<GetObjectCommandInput, "Bucket" | "Key" | "Range" | "IfMatch">;

type SdkRequest = Parameters<S3Client["config"]["requestHandler"]["handle"]>[0];
type Answer = Awaited<ReturnType<S3Client["config"]["requestHandler"]["handle"]>>["response"];

interface Signer {
  sign(request: SdkRequest): Promise<SdkRequest>;
  /** Told of each answer, which says what time it is: the next request is signed by S3's clock where ours is wrong. */
  answered(answer: Answer): void;
}

/** How the AWS SDK asked a bucket for an object. */
interface Pattern {
  request: SdkRequest;
  /** Those that every request of the bucket has. */
  headers: SdkRequest["headers"];
  /** What stands before the key. */
  pathStart: string;
  signer: Signer;
}

/** Of one request, or made by signing it. */
const ownHeaders = /^(amz-sdk-|range$|if-match$|authorization$|x-amz-(date|content-sha256|security-token)$)/i;

/**
 * Asks for objects as the AWS SDK last asked the bucket with success: by its own handler of requests and signed by its own
 * signer, but without the some twenty other steps it takes for each request, which take longer than a small object does.
 * Whatever is neither plainly the object nor a plain word that it is not there, or not as it was asked for, is asked again in
 * the SDK's way, which alone sends things twice and knows what other refusals mean, and until that succeeds once more so is
 * everything else of the bucket.
 */
export class PlainGets {
  /** By the bucket. */
  private readonly patterns = new WeakMap<S3Client, Map<string, Pattern>>();

  /** Learns from what the client sends. */
  learnFrom(client: S3Client): void {
    const patterns = new Map<string, Pattern>();
    this.patterns.set(client, patterns);
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName === "GetObjectCommand") learn(patterns, client, args, context);
        return answer;
      },
      { step: "deserialize", priority: "high" },
    );
  }

  /** Undefined where it is to be asked in the SDK's way. Throws `PlainRefusal`, and what stopped it, where `signal` did. */
  async get(client: S3Client, wanted: WantedObject, signal: AbortSignal): Promise<GotObject | undefined> {
    const bucket = wanted.Bucket ?? "";
    const patterns = this.patterns.get(client);
    const pattern = patterns?.get(bucket);
    if (!patterns || !pattern) return undefined;
    try {
      const got = await ask(client, pattern, wanted, signal);
      if (got) return got;
    } catch (thrown) {
      if (signal.aborted || thrown instanceof PlainRefusal) throw thrown;
    }
    if (patterns.get(bucket) === pattern) patterns.delete(bucket);
    return undefined;
  }
}

function learn(
  patterns: Map<string, Pattern>,
  client: S3Client,
  { input, request }: { input: object; request: unknown },
  context: object,
): void {
  const { Bucket, Key } = input as WantedObject;
  if (Bucket === undefined || Key === undefined || patterns.has(Bucket) || !isSdkRequest(request)) return;
  const signer = signerOf(client, context);
  const ending = encoded(Key);
  if (!signer || !request.path.endsWith(`/${ending}`)) return;
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !ownHeaders.test(name)),
  );
  patterns.set(Bucket, { request, headers, pathStart: request.path.slice(0, -ending.length), signer });
}

async function ask(
  client: S3Client,
  { request, headers: shared, pathStart, signer }: Pattern,
  { Key = "", Range, IfMatch }: WantedObject,
  signal: AbortSignal,
): Promise<GotObject | undefined> {
  const headers = {
    ...shared,
    ...(Range === undefined ? {} : { range: Range }),
    ...(IfMatch === undefined ? {} : { "if-match": IfMatch }),
  };
  const signed = await signer.sign({ ...request, path: pathStart + encoded(Key), headers } as SdkRequest);
  const begun = beginServiceCall("s3", "GetObject");
  try {
    const { response } = await client.config.requestHandler.handle(signed, { abortSignal: signal });
    signer.answered(response);
    const { statusCode, headers: told, body } = response;
    const requestId = plainName(told["x-amz-request-id"]);
    if (begun && requestId !== undefined) begun.call.requestId = requestId;
    const sizeBytes = Number(told["content-length"] ?? Number.NaN);
    if (statusCode !== (Range === undefined ? 200 : 206) || !Number.isSafeInteger(sizeBytes)) {
      if (begun && statusCode >= 400) begun.call.status = statusCode;
      const refusal = await plainRefusal(response, { Range, IfMatch });
      if (!refusal) return undefined;
      if (begun) begun.call.fault = refusal.name;
      throw refusal;
    }
    begun?.read(sizeBytes);
    return {
      Body: body,
      ContentLength: sizeBytes,
      ContentRange: told["content-range"],
      ETag: told.etag,
    };
  } catch (thrown) {
    if (begun && thrown instanceof Error && !(thrown instanceof PlainRefusal))
      begun.call.fault = plainName(thrown.name) ?? "Error";
    throw thrown;
  } finally {
    begun?.ended();
  }
}

/** Undefined for other ways to sign than with the client's own credentials. Source: AWS SDK, "selectedHttpAuthScheme". */
function signerOf(client: S3Client, context: object): Signer | undefined {
  const { __smithy_context: smithy } = context as Record<string, unknown>;
  const scheme = isRecord(smithy) ? smithy.selectedHttpAuthScheme : undefined;
  if (!isRecord(scheme) || !isRecord(scheme.httpAuthOption) || !isRecord(scheme.signer)) return undefined;
  const { schemeId, signingProperties } = scheme.httpAuthOption;
  const { signer } = scheme;
  if (schemeId !== "aws.auth#sigv4" || !isRecord(signingProperties)) return undefined;
  if (!("sign" in signer) || typeof signer.sign !== "function") return undefined;
  const sign = signer.sign.bind(signer);
  const answered = "successHandler" in signer ? signer.successHandler : undefined;
  return {
    sign: async (request) => sign(request, await client.config.credentials(), { ...signingProperties }),
    answered: (answer) => {
      if (typeof answered === "function") answered.call(signer, answer, { ...signingProperties });
    },
  };
}

function isSdkRequest(request: unknown): request is SdkRequest {
  return isRecord(request) && typeof request.path === "string" && isRecord(request.headers);
}

/** As the AWS SDK does. Source: RFC 3986, 2.3. */
function encoded(key: string): string {
  const escaped = (mark: string) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
  return key
    .split("/")
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, escaped))
    .join("/");
}
