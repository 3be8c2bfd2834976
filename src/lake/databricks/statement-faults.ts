import { type ErrorCode, ToolError } from "../../core/errors.ts";
import { quoteWords } from "./rest-faults.ts";

/** How a statement ended that gave no result. */
export interface FailedStatus {
  state: string;
  error?: { error_code?: string | undefined; message?: string | undefined } | undefined;
  sql_state?: string | undefined;
}

/** Source: Statement Execution API, `ServiceErrorCode`. */
const codes: Record<string, ErrorCode> = {
  BAD_REQUEST: "invalid_input",
  NOT_FOUND: "not_found",
  UNAUTHENTICATED: "denied",
  RESOURCE_EXHAUSTED: "too_large",
  DEADLINE_EXCEEDED: "timeout",
  CANCELLED: "timeout",
  ABORTED: "unavailable",
  IO_ERROR: "unavailable",
  TEMPORARILY_UNAVAILABLE: "unavailable",
  SERVICE_UNDER_MAINTENANCE: "unavailable",
  WORKSPACE_TEMPORARILY_UNAVAILABLE: "unavailable",
};

/** SQLSTATE classes that say more than the code. Source: Databricks "SQLSTATE error codes". */
const sqlStates: [prefix: string, code: ErrorCode][] = [
  ["42501", "denied"],
  ["42P01", "not_found"],
  ["42", "invalid_input"],
  ["22", "invalid_input"],
];

/** A failed, canceled or closed statement as a `ToolError`. */
export function statementFault({ state, error, sql_state: sqlState = "" }: FailedStatus): ToolError {
  const { error_code: word = "", message = "" } = error ?? {};
  const cause = new Error(`${state} ${word} ${sqlState}: ${message}`);
  if (state === "CLOSED") {
    return new ToolError(
      "not_found",
      "The statement's result is no longer kept by Databricks. Run it again.",
      {
        cause,
      },
    );
  }
  if (state === "CANCELED") {
    return new ToolError(
      "timeout",
      "The statement was canceled in Databricks, by a limit of the warehouse or by hand.",
      // A limit says so; without a word it was somebody, such as another server of ours.
      { cause, details: isLimit(message) ? {} : { wasCancelled: true } },
    );
  }
  const isDenied = /PERMISSION_DENIED|INSUFFICIENT_PERMISSIONS/.test(message);
  const byState = sqlStates.find(([prefix]) => sqlState.startsWith(prefix))?.[1];
  const code = isDenied ? "denied" : (byState ?? codes[word] ?? "unavailable");
  return new ToolError(
    code,
    `Databricks could not run the statement: ${quoteWords(message || word || state)}.`,
    {
      cause,
      details: { ...(word === "" ? {} : { errorCode: word }), ...(sqlState === "" ? {} : { sqlState }) },
    },
  );
}

function isLimit(message: string): boolean {
  return /time[sd]?[- ]?out|timeout|limit/i.test(message);
}
