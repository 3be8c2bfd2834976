import { type ErrorCode, ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { readS3Failure } from "../stores/s3-errors.ts";

/** What says nothing against a warehouse, which reads the same files in another way. */
const passing: ReadonlySet<ErrorCode> = new Set([
  "denied",
  "not_found",
  "throttled",
  "timeout",
  "too_large",
  "unavailable",
  "unsupported",
]);

/** Marks a failure as one of reading a table's files: where a warehouse is set, it may do. */
export function filesFault(thrown: unknown, uri: string): unknown {
  if (!(thrown instanceof ToolError) || !passing.has(thrown.code)) return thrown;
  const { code, details, retryable } = thrown;
  const message = isRefusedByS3(thrown)
    ? `S3 refuses the temporary credentials that Databricks gave for ${quoteName(uri)}. The bucket's policy, or a firewall of the storage account, may let this server's network in.`
    : thrown.message;
  return new ToolError(code, message, { cause: thrown, details: { ...details, filesOf: uri }, retryable });
}

/** Whether a warehouse may do what could not be done by a table's files. */
export function isFilesFault(thrown: unknown): thrown is ToolError {
  return thrown instanceof ToolError && passing.has(thrown.code) && thrown.details.filesOf !== undefined;
}

/** S3 itself, and not what gives credentials for it. */
function isRefusedByS3({ code, cause }: ToolError): boolean {
  return code === "denied" && readS3Failure(cause)?.status !== undefined;
}
