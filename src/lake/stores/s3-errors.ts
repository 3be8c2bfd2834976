import { isExpiredName, isStaleName } from "../../aws/stale-credentials.ts";
import { type ErrorCode, ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { errnoOf } from "./errno.ts";

/** What of an AWS SDK error is looked at. Source: S3 API reference, "Error responses"; smithy's ServiceException. */
export interface S3Failure {
  /** S3's error code, or the class of an error of the SDK's own. Empty where the answer had no body. */
  name: string;
  /** HTTP status, where there was an answer. */
  status?: number;
  /** From the `x-amz-bucket-region` header, or the body of a region error. */
  bucketRegion?: string;
  retryAfterMs?: number;
  /** The SDK's or AWS's own words. For looking at, never for showing. */
  words: string;
}

/** `undefined` for what no S3 request throws. */
export function readS3Failure(thrown: unknown): S3Failure | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const fields: Record<string, unknown> = { ...thrown };
  const metadata = record(fields.$metadata);
  const response = record("$response" in thrown ? thrown.$response : undefined);
  const headers = record(response.headers);
  const region = text(headers["x-amz-bucket-region"]) ?? text(fields.Region);
  const status = number(metadata.httpStatusCode) ?? number(response.statusCode);
  const retryAfterSeconds = number(Number(headers["retry-after"]));
  return {
    name: thrown.name,
    words: thrown.message,
    ...(status === undefined ? {} : { status }),
    ...(region === undefined ? {} : { bucketRegion: region }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 }),
  };
}

/** Whether reading the credentials anew may mend it. */
export function isStale({ name }: S3Failure): boolean {
  return isStaleName(name);
}

/** Whether the request went to `usedRegion` and the bucket is elsewhere. */
export function isWrongRegion({ status, bucketRegion }: S3Failure, usedRegion: string): boolean {
  return bucketRegion !== undefined && bucketRegion !== usedRegion && (status === 301 || status === 400);
}

/** Whether an error of the SDK, as it is told, says that the service fails: no answer, half of one, or status 500 and above. */
export function isServiceFault(thrown: unknown, told = toS3Error(thrown, "")): boolean {
  // Of credentials that could not be had: nothing was sent.
  if (thrown instanceof ToolError) return false;
  const status = readS3Failure(thrown)?.status;
  const hasAnswered = status !== undefined && status >= 300 && status < 500;
  return !hasAnswered && ["unavailable", "timeout", "throttled"].includes(told.code);
}

/** Whether an error of the SDK came with an answer: without credentials, say, nothing is sent. */
export function isServiceAnswer(thrown: unknown): boolean {
  return readS3Failure(thrown)?.status !== undefined;
}

/** Whether the request was signed for another time than AWS has. Source: AWS, "Troubleshoot signed requests". */
export function isClockRefused({ name, words }: S3Failure): boolean {
  const isOfTime = /^Signature (expired|not yet current)/.test(words);
  return name === "RequestTimeTooSkewed" || (isOfTime && /^(InvalidSignature|SignatureDoesNot)/.test(name));
}

type Diagnosis = [ErrorCode, string, Partial<{ retryable: boolean; details: Record<string, unknown> }>?];

/** The error for a failed request about `uri`. AWS's own words are in `cause` alone. */
export function toS3Error(thrown: unknown, uri: string): ToolError {
  if (thrown instanceof ToolError) return thrown;
  const failure = readS3Failure(thrown);
  const [code, message, options] = (failure && diagnose(failure, thrown, quoteName(uri))) ?? [
    "unavailable",
    `S3 could not answer for ${quoteName(uri)}. Try again.`,
  ];
  return new ToolError(code, message, { cause: thrown, ...options });
}

function diagnose(failure: S3Failure, thrown: unknown, uri: string): Diagnosis | undefined {
  return (
    diagnoseCredentials(failure) ??
    diagnoseName(failure, uri) ??
    diagnoseNetwork(failure, thrown, uri) ??
    diagnoseStatus(failure, uri)
  );
}

const loginAgain = "Log in again (aws sso login) or renew the credentials the server runs with.";

export function diagnoseCredentials(failure: S3Failure): Diagnosis | undefined {
  const { name, words } = failure;
  if (isExpiredName(name)) return ["denied", `The server's AWS credentials have expired. ${loginAgain}`];
  if (name === "TokenProviderError" || (name === "CredentialsProviderError" && /sso|token/i.test(words))) {
    return ["denied", `The server's AWS login has expired or is missing. ${loginAgain}`];
  }
  if (name === "CredentialsProviderError") {
    return [
      "denied",
      "The server has no AWS credentials. Set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run aws sso login, or give the machine a role.",
    ];
  }
  if (isClockRefused(failure)) {
    return ["unavailable", "The server's clock differs from AWS's by more than 15 minutes. Set the clock."];
  }
  if (name === "InvalidAccessKeyId" || name === "SignatureDoesNotMatch" || name === "InvalidToken") {
    return ["denied", "AWS does not accept the server's credentials. Check the access key and its secret."];
  }
  return undefined;
}

function diagnoseName(failure: S3Failure, uri: string): Diagnosis | undefined {
  const { name, status, bucketRegion } = failure;
  if (name === "NoSuchBucket") return ["not_found", `The bucket of ${uri} does not exist.`];
  if (name === "NoSuchKey") return ["not_found", `${uri} does not exist.`];
  if (name === "PreconditionFailed") {
    return ["changed", `${uri} was changed meanwhile. Call again to read it as it is now.`];
  }
  if (name === "InvalidObjectState") {
    return ["unsupported", `${uri} is archived: its storage class must be restored before it can be read.`];
  }
  if (name.startsWith("KMS.") || name.startsWith("Kms")) {
    return ["denied", `${uri} is encrypted with a KMS key that the server cannot use.`];
  }
  if (bucketRegion !== undefined && (status === 301 || name === "AuthorizationHeaderMalformed")) {
    return [
      "invalid_input",
      `The bucket of ${uri} is in region ${bucketRegion}. Set AWS_REGION or lake.s3.region to it.`,
    ];
  }
  if (name === "KeyTooLongError") return ["invalid_input", `S3 refuses the key of ${uri} for its length.`];
  if (name === "InvalidBucketName") return ["invalid_input", `S3 refuses the bucket name of ${uri}.`];
  return undefined;
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

function diagnoseNetwork({ name }: S3Failure, thrown: unknown, uri: string): Diagnosis | undefined {
  const code = errnoOf(thrown) ?? "";
  if (name === "TimeoutError" || name === "RequestTimeout" || code === "ETIMEDOUT") {
    return ["timeout", `S3 did not answer in time for ${uri}. Try again.`];
  }
  if (unreachable.has(code)) {
    return [
      "unavailable",
      `S3 cannot be reached for ${uri} (${code}). Check the network and lake.s3.endpoint.`,
    ];
  }
  if (/^E[A-Z]+$/.test(code)) {
    return ["unavailable", `The connection to S3 broke while reading ${uri} (${code}). Try again.`];
  }
  return undefined;
}

function diagnoseStatus({ status, retryAfterMs }: S3Failure, uri: string): Diagnosis | undefined {
  if (status === undefined) return undefined;
  if (status === 404) return ["not_found", `${uri} does not exist.`];
  if (status === 412) return ["changed", `${uri} was changed meanwhile. Call again to read it as it is now.`];
  if (status === 401 || status === 403) {
    return [
      "denied",
      `AWS denies the server access to ${uri}, or it does not exist: S3 says the same of both where s3:ListBucket is not granted.`,
    ];
  }
  if (status === 429 || status === 503) {
    const details = retryAfterMs === undefined ? {} : { details: { retryAfterMs } };
    return ["throttled", `S3 asks to slow down on ${uri}. Try again later.`, details];
  }
  if (status >= 500) return ["unavailable", `S3 failed on ${uri} with status ${status}. Try again.`];
  if (status >= 300) {
    return [
      "unavailable",
      `S3 refused the request about ${uri} with status ${status}.`,
      { retryable: false },
    ];
  }
  return undefined;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
