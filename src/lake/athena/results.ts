import type { GetQueryResultsCommandOutput, Row } from "@aws-sdk/client-athena";
import { ToolError } from "../../core/errors.ts";
import { jsonSizeBytes } from "../../core/results.ts";
import type { AwsSender } from "./clients.ts";
import { type ResultColumn, resultColumn } from "./values.ts";

/** A place in a result: a page of Athena's, by the token that asks for it, and rows of it that were given already. */
export interface ResultPlace {
  token?: string | undefined;
  skip: number;
}

export interface ResultPage {
  columns: ResultColumn[];
  rows: unknown[][];
  /** Where the rows after these are. */
  next?: ResultPlace;
}

/** Most rows Athena gives at once, its header row among them. Source: GetQueryResults, MaxResults. */
const maxPageRows = 1000;

/**
 * Rows of a succeeded query from `place` on, up to both bounds. They come by GetQueryResults rather than from the result's
 * CSV in S3: types come with them, and the bucket of results, which holds everyone's, need not be readable to callers.
 * Throws `too_large` where one row alone is over `maxBytes`.
 */
export async function readResult(
  sender: AwsSender,
  id: string,
  place: ResultPlace,
  bounds: { maxRows: number; maxBytes: number },
  signal: AbortSignal,
): Promise<ResultPage> {
  const rows: unknown[][] = [];
  let columns: ResultColumn[] = [];
  let usedBytes = 2;
  let at: ResultPlace | undefined = place;
  while (at) {
    const { token, skip }: ResultPlace = at;
    const wanted = bounds.maxRows - rows.length + skip + (token === undefined ? 1 : 0);
    const page = await askPage(sender, { id, token, maxResults: Math.min(maxPageRows, wanted) }, signal);
    columns = (page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(resultColumn);
    const given = dataRows(page, token === undefined);
    for (const [index, row] of given.entries()) {
      if (index < skip) continue;
      const values = valuesOf(row, columns);
      const sizeBytes = jsonSizeBytes(values) + 1;
      if (rows.length >= bounds.maxRows || (rows.length > 0 && usedBytes + sizeBytes > bounds.maxBytes)) {
        return { columns, rows, next: { token, skip: index } };
      }
      if (usedBytes + sizeBytes > bounds.maxBytes) throw tooLarge(sizeBytes, bounds.maxBytes);
      rows.push(values);
      usedBytes += sizeBytes;
    }
    at = page.NextToken === undefined ? undefined : { token: page.NextToken, skip: 0 };
    if (at && rows.length >= bounds.maxRows) return { columns, rows, next: at };
  }
  return { columns, rows };
}

async function askPage(
  sender: AwsSender,
  { id, token, maxResults }: { id: string; token: string | undefined; maxResults: number },
  signal: AbortSignal,
): Promise<GetQueryResultsCommandOutput> {
  const { GetQueryResultsCommand } = await import("@aws-sdk/client-athena");
  const command = new GetQueryResultsCommand({
    QueryExecutionId: id,
    MaxResults: maxResults,
    ...(token === undefined ? {} : { NextToken: token }),
  });
  return sender.send("athena", "the query's rows", signal, ({ athena }) =>
    athena.send(command, { abortSignal: signal }),
  );
}

/** The first row of the first page holds the columns' names. Source: GetQueryResults. */
function dataRows({ ResultSet }: GetQueryResultsCommandOutput, isFirst: boolean): Row[] {
  const rows = ResultSet?.Rows ?? [];
  return isFirst ? rows.slice(1) : rows;
}

/** A value without text is NULL, which the empty text is not. */
function valuesOf({ Data = [] }: Row, columns: readonly ResultColumn[]): unknown[] {
  return columns.map(({ value }, index) => {
    const text = Data[index]?.VarCharValue;
    return text === undefined ? null : value(text);
  });
}

function tooLarge(sizeBytes: number, maxBytes: number): ToolError {
  return new ToolError(
    "too_large",
    `One row alone takes ${sizeBytes} bytes; a result may hold ${maxBytes}. Select fewer columns.`,
    {
      details: { sizeBytes, maxBytes },
    },
  );
}
