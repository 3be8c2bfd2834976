import { asciiLowerCase } from "../../../core/dotted-name.ts";
import { ToolError } from "../../../core/errors.ts";
import { partsOf, type TableName } from "../table-name.ts";
import { readExpression } from "./expression.ts";
import { SqlReader } from "./reader.ts";
import { type CteScope, readFrom } from "./tables-in-from.ts";

/** A statement that may be sent to a warehouse. */
export interface WarehouseStatement {
  /** Written anew: every name in backticks or a table's full name, every bare word one that is known here. */
  sql: string;
  /** Tables it reads, unique. */
  tables: TableName[];
}

/** The table that a name in FROM, or a uri in quotes, stands for. Throws `invalid_input`, `denied`. */
export type ResolveTable = (name: string) => TableName;

const maxSqlChars = 200_000;

/**
 * Proves that a text in Databricks SQL is one SELECT over tables that may be read, with functions that compute from
 * their arguments alone, and writes it anew. What is sent is what was understood here, word by word: another parser
 * finds no other statement in it. Throws `invalid_input` with the reason and place for everything else.
 *
 * Why not DuckDB's parser, which holds statements that run here: two parsers do not read one text alike (`'\'` ends
 * a text for DuckDB and not for Spark), and what one takes for a text can be a statement to the other.
 */
export function gateStatement(sql: string, resolve: ResolveTable): WarehouseStatement {
  if (sql.length > maxSqlChars) {
    throw new ToolError(
      "too_large",
      `The statement has ${sql.length} characters; ${maxSqlChars} are allowed.`,
    );
  }
  const reader = new SqlReader(sql);
  const tables = new Map<string, TableName>();
  const found = (name: string) => {
    const table = resolve(name);
    tables.set(partsOf(table).join("."), table);
    return table;
  };
  new Statement(reader, found).query(new Set());
  if (reader.peek().kind !== "end") throw reader.unexpected("behind the statement's end");
  return { sql: reader.written(), tables: [...tables.values()] };
}

const setOperations = ["union", "intersect", "except", "minus"];

class Statement {
  private readonly reader: SqlReader;
  private readonly resolve: ResolveTable;

  constructor(reader: SqlReader, resolve: ResolveTable) {
    this.reader = reader;
    this.resolve = resolve;
  }

  /** `[WITH …] SELECT … [UNION …] [ORDER BY …] [LIMIT …] [OFFSET …]` */
  query(outer: CteScope): void {
    const { reader } = this;
    const ctes = this.ctes(outer);
    this.body(ctes);
    while (setOperations.some((word) => reader.accept(word))) {
      if (!reader.accept("all")) reader.accept("distinct");
      this.body(ctes);
    }
    if (reader.accept("order")) {
      reader.expect("by");
      this.expression(ctes, true);
    }
    if (reader.accept("limit")) this.expression(ctes, false);
    if (reader.accept("offset")) this.expression(ctes, false);
  }

  /** A CTE sees those before it. */
  private ctes(outer: CteScope): CteScope {
    const { reader } = this;
    const scope = new Set(outer);
    if (!reader.accept("with")) return scope;
    if (reader.isWord("recursive")) throw reader.refuse("WITH RECURSIVE");
    do {
      const name = reader.name();
      if (reader.isMark("(")) reader.nameList();
      reader.expect("as");
      this.inParentheses(scope);
      scope.add(asciiLowerCase(name));
    } while (reader.accept(","));
    return scope;
  }

  private inParentheses(ctes: CteScope): void {
    this.reader.expect("(");
    this.reader.nested(() => this.query(ctes));
    this.reader.expect(")");
  }

  private body(ctes: CteScope): void {
    const { reader } = this;
    if (reader.isMark("(")) this.inParentheses(ctes);
    else if (reader.accept("values")) this.expression(ctes, true);
    else if (reader.accept("select")) this.select(ctes);
    else throw reader.unexpected("where SELECT is expected");
  }

  private select(ctes: CteScope): void {
    const { reader } = this;
    if (!reader.accept("distinct")) reader.accept("all");
    this.expression(ctes, true);
    if (reader.accept("from")) {
      readFrom({ reader, ctes, query: () => this.query(ctes), resolve: this.resolve });
    }
    if (reader.accept("where")) this.expression(ctes, false);
    if (reader.accept("group")) {
      reader.expect("by");
      this.expression(ctes, true);
    }
    if (reader.accept("having")) this.expression(ctes, false);
    if (reader.accept("qualify")) this.expression(ctes, false);
    if (reader.accept("window")) this.windows(ctes);
  }

  /** `w AS (PARTITION BY …), …` */
  private windows(ctes: CteScope): void {
    const { reader } = this;
    do {
      reader.name();
      reader.expect("as");
      if (!reader.isMark("(")) throw reader.unexpected("where a window in parentheses is expected");
      this.expression(ctes, false);
    } while (reader.accept(","));
  }

  private expression(ctes: CteScope, withCommas: boolean): void {
    readExpression(this.reader, () => this.query(ctes), withCommas);
  }
}
