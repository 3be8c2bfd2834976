import { quoteSparkName } from "../table-name.ts";
import { type SqlReader, wordOf } from "./reader.ts";
import type { Token } from "./tokens.ts";
import {
  clauseWords,
  expressionWords,
  fromFunctions,
  scalarFunctions,
  sessionWords,
  typesWithLength,
  wordsBeforeGroup,
} from "./words.ts";

/** Reads a query in parentheses, up to the closing one. */
export type ReadQuery = () => void;

interface Place {
  /** Commas at this level are part of it. */
  withCommas: boolean;
  isInGroup: boolean;
  /** FROM stands for an argument: `extract(day FROM x)`. */
  withFrom: boolean;
}

/**
 * Reads one expression, or with `withCommas` a list of them, and writes it. No table can be named in it but by a
 * query in parentheses, which `query` reads. Ends before a word of a clause, a closing mark, or the end.
 */
export function readExpression(reader: SqlReader, query: ReadQuery, withCommas: boolean): void {
  readItems(reader, query, { withCommas, isInGroup: false, withFrom: false });
}

function readItems(reader: SqlReader, query: ReadQuery, place: Place): void {
  const before = reader.peek();
  while (!endsAt(reader, place)) {
    const isComma = reader.isMark(",");
    readItem(reader, query, place);
    if (isComma && (endsAt(reader, place) || reader.isMark(","))) throw reader.unexpected("behind a comma");
  }
  if (reader.peek() === before) throw reader.unexpected("where an expression is expected");
}

function endsAt(reader: SqlReader, { withCommas, isInGroup }: Place): boolean {
  const token = reader.peek();
  if (token.kind === "end" || reader.isMark(")") || reader.isMark("]")) return true;
  if (!withCommas && reader.isMark(",")) return true;
  return !isInGroup && isClauseWord(reader);
}

function isClauseWord(reader: SqlReader): boolean {
  const word = wordOf(reader.peek());
  if (!clauseWords.has(word)) return false;
  // They are names behind a dot, functions before a parenthesis, and some are parts of other phrases.
  if (reader.isMark(".", -1)) return false;
  if (reader.isMark("(", 1) && scalarFunctions.has(word)) return false;
  if (word === "group") return !reader.isWord("within", -1);
  return !(word === "except" && isStarExcept(reader));
}

function isStarExcept(reader: SqlReader): boolean {
  return reader.isMark("*", -1) && reader.isMark("(", 1) && reader.isName(2) && !reader.isWord("select", 2);
}

function readItem(reader: SqlReader, query: ReadQuery, place: Place): void {
  const token = reader.peek();
  if (token.kind === "text" || token.kind === "number") reader.literal();
  else if (token.kind === "mark") readMark(reader, query);
  else if (reader.isMark(".", -1) || reader.isMark(".", 1)) readQualified(reader);
  else if (token.kind === "quoted") {
    if (reader.isMark("(", 1)) throw reader.refuse("a function in backticks");
    checkSession(reader, token);
    reader.name();
  } else readWord(reader, query, place, token);
}

function readMark(reader: SqlReader, query: ReadQuery): void {
  if (reader.isMark("(")) readGroup(reader, query, false);
  else if (reader.accept("[")) {
    reader.nested(() => readItems(reader, query, { withCommas: false, isInGroup: true, withFrom: false }));
    reader.expect("]");
  } else reader.write(reader.next().text);
}

/** A part of `a.b`: a name, whatever word it is, and never a function. */
function readQualified(reader: SqlReader): void {
  if (reader.isMark("(", 1)) throw reader.refuse(`the qualified function ${reader.peek().text}()`);
  reader.name();
}

function readWord(reader: SqlReader, query: ReadQuery, place: Place, token: Token): void {
  const word = wordOf(token);
  if (reader.isMark("(", 1)) readCall(reader, query, word, token);
  else if (isClauseWord(reader)) readClauseWord(reader, query, place, word);
  else if (clauseWords.has(word) || expressionWords.has(word)) {
    reader.write(reader.next().text);
    if (word === "except") reader.nameList();
  } else {
    checkSession(reader, token);
    reader.write(quoteSparkName(reader.next().text));
  }
}

/** `name(…)`, or a word such as IN that a parenthesis follows. */
function readCall(reader: SqlReader, query: ReadQuery, word: string, token: Token): void {
  if (word === "except" && isStarExcept(reader)) {
    reader.write(reader.next().text);
    reader.nameList();
    return;
  }
  const isKeyword = wordsBeforeGroup.has(word) || typesWithLength.has(word);
  if (!isKeyword && !scalarFunctions.has(word)) throw reader.refuse(`the function ${token.text}()`, token);
  reader.write(reader.next().text);
  readGroup(reader, query, fromFunctions.has(word));
}

/** Inside parentheses a few clauses are parts of expressions: windows' orders, filters, FROM of some functions. */
function readClauseWord(reader: SqlReader, query: ReadQuery, place: Place, word: string): void {
  const isOrder = word === "order" && reader.isWord("by", 1);
  const isFilter = word === "where" && reader.isMark("(", -1) && reader.isWord("filter", -2);
  const isFrom = word === "from" && place.withFrom && !reader.isMark("(", -1);
  if (word === "from" && reader.isWord("distinct", -1)) {
    throw reader.refuse("IS DISTINCT FROM: write NOT (a <=> b), and a <=> b for IS NOT DISTINCT FROM");
  }
  if (!isOrder && !isFilter && !isFrom) {
    throw reader.refuse(`${reader.peek().text} inside an expression: a column called so takes backticks`);
  }
  reader.write(reader.next().text);
  if (isFilter) readItems(reader, query, { ...place, withCommas: false });
}

function readGroup(reader: SqlReader, query: ReadQuery, withFrom: boolean): void {
  reader.expect("(");
  reader.nested(() => {
    if (reader.isWord("select") || reader.isWord("with")) query();
    else if (!reader.isMark(")")) readItems(reader, query, { withCommas: true, isInGroup: true, withFrom });
  });
  reader.expect(")");
}

/** In backticks too, for Databricks looks at the name alone. */
function checkSession(reader: SqlReader, { text }: Token): void {
  if (!sessionWords.has(text.toLowerCase())) return;
  throw reader.refuse(`${text}, which Databricks may answer itself: write it with its table, as t.${text}`);
}
