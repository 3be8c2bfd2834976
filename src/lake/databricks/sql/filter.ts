import { readExpression } from "./expression.ts";
import { SqlReader } from "./reader.ts";

/** A condition over the rows of one table, written anew. Throws `invalid_input` for more or less than one condition. */
export function gateFilter(filter: string): string {
  const reader = new SqlReader(filter);
  const noQuery = () => {
    throw reader.refuse("a query in the filter, which looks at the rows themselves: call lake_query");
  };
  readExpression(reader, noQuery, false);
  if (reader.peek().kind !== "end") throw reader.unexpected("behind the filter's condition");
  return reader.written();
}
