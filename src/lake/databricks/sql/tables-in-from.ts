import { asciiLowerCase, splitDottedName } from "../../../core/dotted-name.ts";
import { formatDatabricksName, quoteSparkName, quoteTableName, type TableName } from "../table-name.ts";
import { type ReadQuery, readExpression } from "./expression.ts";
import { type SqlReader, wordOf } from "./reader.ts";
import { clauseWords, scalarFunctions, tableFunctions } from "./words.ts";

/** Names of CTEs that can be referred to at one place, in lower case. */
export type CteScope = ReadonlySet<string>;

/** What FROM needs of the statement around it. */
export interface FromContext {
  reader: SqlReader;
  ctes: CteScope;
  query: ReadQuery;
  /** The table a name or uri stands for. Throws for what is none, or may not be read. */
  resolve(name: string): TableName;
}

const joinWords = ["natural", "inner", "cross", "left", "right", "full"] as const;

/** Reads what follows FROM: relations, joins, and views of generators. Each table becomes its full name. */
export function readFrom(context: FromContext): void {
  const { reader } = context;
  do readRelation(context);
  while (reader.accept(","));
  while (reader.accept("lateral")) readLateralView(context);
}

function readRelation(context: FromContext): void {
  readPrimary(context);
  while (readJoin(context));
}

function readJoin(context: FromContext): boolean {
  const { reader, query } = context;
  let hasWord = false;
  for (const word of joinWords) if (reader.accept(word)) hasWord = true;
  for (const word of ["outer", "semi", "anti"]) if (reader.accept(word)) hasWord = true;
  if (hasWord) reader.expect("join");
  else if (!reader.accept("join")) return false;
  readPrimary(context);
  if (reader.accept("on")) readExpression(reader, query, false);
  else if (reader.accept("using")) reader.nameList();
  return true;
}

function readPrimary(context: FromContext): void {
  const { reader, query } = context;
  const isLateral = reader.accept("lateral");
  if (reader.isMark("(")) {
    reader.expect("(");
    reader.nested(() => {
      const isQuery = ["select", "with", "values"].some((word) => reader.isWord(word));
      if (isQuery) query();
      else readRelation(context);
    });
    reader.expect(")");
  } else if (reader.peek().kind === "word" && reader.isMark("(", 1)) readTableFunction(context);
  else if (isLateral) throw reader.unexpected("behind LATERAL, where a query or a generator is expected");
  else {
    readTable(context);
    return;
  }
  readTail(context);
}

function readTableFunction({ reader, query }: FromContext): void {
  const word = wordOf(reader.peek());
  if (!tableFunctions.has(word)) throw reader.refuse(`the table function ${reader.peek().text}()`);
  reader.write(reader.next().text);
  reader.expect("(");
  if (!reader.isMark(")")) reader.nested(() => readExpression(reader, query, true));
  reader.expect(")");
}

/** A CTE, a source of the call, a uri in quotes, or `catalog.schema.table`. */
function readTable(context: FromContext): void {
  const { reader, ctes, resolve } = context;
  const start = reader.peek();
  const parts = readTableName(reader);
  const isAlone = parts.length === 1 && start.kind !== "text";
  if (isAlone && ctes.has(asciiLowerCase(start.text))) {
    reader.write(quoteSparkName(start.text));
    readTail(context);
    return;
  }
  const isDotted = parts.length === 3 && parts.every((part) => splitDottedName(part)?.length === 1);
  if (parts.length > 1 && !isDotted)
    throw reader.refuse(`the table ${parts.join(".")}: write catalog.schema.table`, start);
  reader.write(quoteTableName(resolve(isDotted ? formatDatabricksName(parts) : start.text)));
  readTimeTravel(reader);
  readTail(context, isAlone ? start.text : undefined);
}

/** The parts of a name, or a text alone. Writes nothing. */
function readTableName(reader: SqlReader): string[] {
  const { kind, text } = reader.peek();
  const isBare = kind === "word" && !clauseWords.has(wordOf(reader.peek()));
  if (!isBare && kind !== "quoted" && kind !== "text") throw reader.unexpected("where a table is expected");
  reader.next();
  const parts = [text];
  while (kind !== "text" && reader.isMark(".")) {
    reader.next();
    if (!reader.isName()) throw reader.unexpected("where the rest of a table's name is expected");
    parts.push(reader.next().text);
  }
  return parts;
}

/** `VERSION AS OF 3`, `TIMESTAMP AS OF '2025-01-01'`. */
function readTimeTravel(reader: SqlReader): void {
  const isTravel = reader.isWord("version") || reader.isWord("timestamp");
  if (!isTravel || !reader.isWord("as", 1) || !reader.isWord("of", 2)) return;
  for (let words = 0; words < 3; words++) reader.write(reader.next().text);
  if (!["number", "text"].includes(reader.peek().kind))
    throw reader.unexpected("where a version is expected");
  reader.literal();
}

/** Sample, alias, pivot. A source keeps the name it has in the call, so that its columns can be named by it. */
function readTail({ reader, query }: FromContext, ownName?: string): void {
  if (reader.accept("tablesample")) readSample(reader);
  readAlias(reader, ownName);
  while (reader.isWord("pivot") || reader.isWord("unpivot")) {
    reader.write(reader.next().text);
    reader.expect("(");
    reader.nested(() => readExpression(reader, query, true));
    reader.expect(")");
    readAlias(reader);
  }
}

function readAlias(reader: SqlReader, ownName?: string): void {
  const hasAs = reader.accept("as");
  const isName =
    reader.peek().kind === "quoted" ||
    (reader.peek().kind === "word" && !clauseWords.has(wordOf(reader.peek())));
  if (isName) {
    reader.name();
    if (reader.isMark("(")) reader.nameList();
  } else if (hasAs) throw reader.unexpected("where an alias is expected");
  else if (ownName !== undefined) reader.write(`AS ${quoteSparkName(ownName)}`);
}

/** `(10 PERCENT)`, `(100 ROWS)`. */
function readSample(reader: SqlReader): void {
  reader.expect("(");
  if (reader.peek().kind !== "number") throw reader.unexpected("where the size of the sample is expected");
  reader.literal();
  if (!reader.accept("percent")) reader.expect("rows");
  reader.expect(")");
}

/** `VIEW [OUTER] explode(x) t AS a, b` */
function readLateralView({ reader, query }: FromContext): void {
  reader.expect("view");
  reader.accept("outer");
  const word = wordOf(reader.peek());
  if (!tableFunctions.has(word) && !(word === "json_tuple" && scalarFunctions.has(word)))
    throw reader.refuse(`LATERAL VIEW of ${reader.peek().text}`);
  reader.write(reader.next().text);
  reader.expect("(");
  reader.nested(() => readExpression(reader, query, true));
  reader.expect(")");
  reader.name();
  if (!reader.accept("as")) return;
  do reader.name();
  while (reader.accept(","));
}
