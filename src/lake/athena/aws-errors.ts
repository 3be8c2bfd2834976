import { type ErrorCode, ToolError } from "../../core/errors.ts";
import { diagnoseCredentials, readS3Failure } from "../stores/s3-errors.ts";

type Diagnosis = [ErrorCode, string];

const throttlingNames = new Set([
  "TooManyRequestsException",
  "ThrottlingException",
  "ThrottledException",
  "OperationTimeoutException",
]);
const deniedNames = new Set(["AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId"]);
const missingNames = new Set(["EntityNotFoundException", "ResourceNotFoundException"]);

/**
 * The error for a failed request to Athena or Glue about `about`. AWS's own words are in `cause`, but for a request that
 * Athena calls invalid, whose shortened diagnosis is quoted. Source: Athena and Glue API reference, "Errors".
 */
export function toAthenaError(thrown: unknown, about: string): ToolError {
  if (thrown instanceof ToolError) return thrown;
  const failure = readS3Failure(thrown);
  const [code, message] =
    (failure && diagnoseCredentials(failure)) ?? diagnose(thrown, failure?.status, about);
  return new ToolError(code, message, { cause: thrown });
}

function diagnose(thrown: unknown, status: number | undefined, about: string): Diagnosis {
  const name = thrown instanceof Error ? thrown.name : "";
  const words = thrown instanceof Error ? thrown.message : "";
  if (throttlingNames.has(name) || status === 429) {
    return ["throttled", `AWS asks to slow down on ${about}. Try again in a moment.`];
  }
  if (deniedNames.has(name) || status === 401 || status === 403 || isDenial(words)) {
    return [
      "denied",
      `AWS denies the server ${about}. Its role needs the actions that docs/athena.md lists, in IAM and, where it is used, in Lake Formation.`,
    ];
  }
  if (missingNames.has(name) || (name === "InvalidRequestException" && /was not found/i.test(words))) {
    return ["not_found", `AWS does not find ${about}.`];
  }
  if (
    name === "InvalidRequestException" ||
    name === "InvalidInputException" ||
    name === "MetadataException"
  ) {
    return ["invalid_input", `AWS refuses ${about}: ${shortDiagnosis(words)}`];
  }
  if (name === "TimeoutError") return ["timeout", `AWS did not answer in time on ${about}. Try again.`];
  return ["unavailable", `AWS could not answer on ${about}. Try again.`];
}

function isDenial(words: string): boolean {
  return /not authorized|access denied|insufficient (?:lake formation )?permission/i.test(words);
}

/** What a failed query's own state says of it. */
export interface QueryFailure {
  reason: string;
  /** 1: the system's fault. 2: the user's. 3: another. Source: Athena AthenaError. */
  category: number | undefined;
  isRetryable: boolean;
}

/** The error for a query that Athena ended with FAILED. */
export function queryError(failure: QueryFailure, details: Record<string, unknown>): ToolError {
  const { reason, category, isRetryable } = failure;
  const [code, message] = judge(reason, category, isRetryable);
  return new ToolError(code, message, { details, cause: new Error(reason) });
}

function judge(reason: string, category: number | undefined, isRetryable: boolean): Diagnosis {
  if (/bytes scanned limit/i.test(reason)) {
    return [
      "too_large",
      "Athena stopped the query at its workgroup's bound of scanned bytes. Name fewer columns and partitions.",
    ];
  }
  if (isDenial(reason)) {
    return [
      "denied",
      "Athena may not read what the query needs. The server's role needs rights on the table's and the results' place in S3, and in Lake Formation where it is used.",
    ];
  }
  if (/exhausted resources|exceeded .*(?:memory|limit)/i.test(reason)) {
    return ["too_large", `The query is more than Athena can run: ${shortDiagnosis(reason)}`];
  }
  if (/rate exceeded|slow ?down|throttl/i.test(reason)) {
    return ["throttled", `The query was throttled: ${shortDiagnosis(reason)} Try again in a moment.`];
  }
  if (category === 1 || isRetryable)
    return ["unavailable", `Athena failed on the query: ${shortDiagnosis(reason)} Try again.`];
  return ["invalid_input", `Athena says of the statement: ${shortDiagnosis(reason)}`];
}

const maxDiagnosisChars = 300;

/** AWS's words, quoted: one line, no ARNs, request ids or addresses, cut to 300 characters. */
export function shortDiagnosis(words: string): string {
  const plain = words
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Cf}]/gu, "")
    .replace(/\barn:aws[\w-]*:\S+/g, "…")
    .replace(/\((?:Service|Request ID|S3 Extended)[^()]*\)/gi, "")
    .trim();
  return JSON.stringify(plain.length > maxDiagnosisChars ? `${plain.slice(0, maxDiagnosisChars)}…` : plain);
}
