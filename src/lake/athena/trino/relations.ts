import { ToolError } from "../../../core/errors.ts";
import type { Token } from "./tokens.ts";

/** A place of a statement that names a table: not a CTE, and not a subquery. */
export interface Relation {
  /** `["sales", "orders"]`, in small letters as Athena compares them; one part for a name without a dot. */
  parts: string[];
  /** Written as a text, such as `'s3://lake/orders/'`, which no table of Athena is. */
  isText: boolean;
  /** Where it stands in the statement. */
  start: number;
  end: number;
}

/** Reserved in Trino, so no name outside quotes can be one of them, and no SELECT has them. */
const refusedWords = new Set([
  "ALTER",
  "CREATE",
  "DEALLOCATE",
  "DELETE",
  "DESCRIBE",
  "DROP",
  "EXECUTE",
  "INSERT",
  "INTO",
  "PREPARE",
  "TABLE",
]);

/** Reserved too: after one of them no table of this FROM clause follows. */
const endOfFrom = new Set([
  "EXCEPT",
  "GROUP",
  "HAVING",
  "INTERSECT",
  "ORDER",
  "SELECT",
  "UNION",
  "VALUES",
  "WHERE",
]);

/** What stands in FROM before a parenthesis and is no table. */
const relationCalls = new Set(["UNNEST", "LATERAL"]);

/** Functions with a FROM among their arguments. */
const fromCalls = new Set(["EXTRACT", "SUBSTRING", "TRIM"]);

type Scope = ReadonlySet<string>;

/**
 * Holds tokens to one SELECT of Trino and finds every table in it. It follows the grammar by its reserved words, which
 * cannot be names: what it does not know is refused, and what might be a table counts as one. Throws
 * `invalid_input`. Source: Trino's SqlBase.g4, Athena "DML queries, functions, and operators".
 */
export function relationsOf(tokens: readonly Token[]): Relation[] {
  const walk = new Walk(tokens);
  walk.statement();
  return walk.relations;
}

class Walk {
  readonly relations: Relation[] = [];
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  statement(): void {
    const first = this.tokens.find(({ text }) => text !== "(");
    if (!first) throw refuse("The statement is empty. Write one SELECT.");
    const head = first.kind === "word" ? first.value : first.text;
    if (head !== "SELECT" && head !== "WITH")
      throw refuse(`Allowed is one SELECT; this begins with ${head.slice(0, 40)}.`);
    this.group(new Set(), false, 0);
    if (this.at < this.tokens.length) throw refuse("The statement closes a parenthesis that it never opens.");
  }

  /** Reads up to the parenthesis that closes this group. `isRelation`: it stands where a table may stand. */
  private group(outer: Scope, isRelation: boolean, depth: number): void {
    if (depth > maxDepth) throw refuse(`The statement is nested deeper than ${maxDepth} levels.`);
    const opening = this.at - 1;
    const scope = this.isWord("WITH") ? this.withClause(outer, depth) : outer;
    let inFrom = isRelation;
    let expectsRelation = isRelation;
    let isQuery = false;
    for (;;) {
      const token = this.tokens[this.at];
      if (!token || token.text === ")" || token.text === "]") {
        if (expectsRelation) this.name();
        return;
      }
      this.check(token);
      if (token.text === "(" || token.text === "[") {
        this.nested(scope, expectsRelation || this.followsSetOperation(), depth);
        expectsRelation = false;
      } else if (token.kind === "word" && endOfFrom.has(token.value) && !this.isWithinGroup(token)) {
        [inFrom, expectsRelation] = [false, false];
        isQuery ||= token.value === "SELECT";
        this.at++;
      } else if (token.value === "FROM" && token.kind === "word") {
        if (isQuery && !this.isDistinctFrom()) [inFrom, expectsRelation] = [true, true];
        else if (!isQuery) this.checkFrom(opening);
        this.at++;
      } else if (inFrom && (token.text === "," || (token.kind === "word" && token.value === "JOIN"))) {
        expectsRelation = true;
        this.at++;
      } else if (expectsRelation) {
        this.relation(scope, depth);
        expectsRelation = false;
      } else this.plain(token);
    }
  }

  private check({ kind, value, text }: Token): void {
    if (text === ";") throw refuse("Two statements were given; one SELECT is allowed.");
    if (kind === "word" && refusedWords.has(value))
      throw refuse(`The statement uses ${value}, which is not allowed. Allowed is one SELECT.`);
    if (kind === "word" && value === "MATCH_RECOGNIZE")
      throw refuse("The statement uses MATCH_RECOGNIZE, which is not allowed here.");
  }

  private nested(scope: Scope, isRelation: boolean, depth: number): void {
    const closing = this.tokens[this.at]?.text === "(" ? ")" : "]";
    this.at++;
    this.group(scope, isRelation && closing === ")", depth + 1);
    if (this.tokens[this.at]?.text !== closing)
      throw refuse("The statement opens a parenthesis that it never closes.");
    this.at++;
  }

  private followsSetOperation(): boolean {
    const before = this.tokens[this.at - 1];
    const word = before?.kind === "word" ? before.value : "";
    const last = word === "ALL" || word === "DISTINCT" ? this.tokens[this.at - 2] : before;
    return last?.kind === "word" && ["UNION", "INTERSECT", "EXCEPT"].includes(last.value);
  }

  private isDistinctFrom(): boolean {
    const [third, second, first] = [3, 2, 1].map((back) => this.wordBefore(back));
    return first === "DISTINCT" && (second === "IS" || (second === "NOT" && third === "IS"));
  }

  /** Of a FROM that follows no SELECT. `opening` is where its parenthesis stands. */
  private checkFrom(opening: number): void {
    const call = this.tokens[opening - 1];
    const isArgument = call?.kind === "word" && fromCalls.has(call.value);
    if (!isArgument && !this.isDistinctFrom())
      throw refuse("The statement has a FROM without a SELECT before it.");
  }

  /** An aggregate's own words, which can stand in a join's condition. */
  private isWithinGroup({ value }: Token): boolean {
    return value === "GROUP" && this.wordBefore(1) === "WITHIN";
  }

  private wordBefore(back: number): string {
    const token = this.tokens[this.at - back];
    return token?.kind === "word" ? token.value : "";
  }

  private plain(token: Token): void {
    const isQualifiedCall =
      this.tokens[this.at + 1]?.text === "(" &&
      this.tokens[this.at - 1]?.text === "." &&
      (token.kind === "word" || token.kind === "quoted");
    if (isQualifiedCall)
      throw refuse(`The statement calls the function ${token.text} of a schema, which is not allowed.`);
    this.at++;
  }

  /** One table, or what stands in its place. */
  private relation(scope: Scope, depth: number): void {
    const token = this.tokens[this.at];
    if (token?.kind === "word" && relationCalls.has(token.value) && this.tokens[this.at + 1]?.text === "(") {
      this.at++;
      this.nested(scope, false, depth);
      return;
    }
    if (token?.kind === "string") {
      this.relations.push({ parts: [token.value], isText: true, start: token.start, end: token.end });
      this.at++;
      return;
    }
    const { parts, start, end } = this.dottedName();
    if (this.tokens[this.at]?.text === "(")
      throw refuse(`${parts.join(".")}() cannot be used in FROM: name a table there.`);
    const [only = ""] = parts;
    if (parts.length > 1 || !scope.has(only)) this.relations.push({ parts, isText: false, start, end });
  }

  private dottedName(): { parts: string[]; start: number; end: number } {
    const first = this.tokens[this.at];
    const parts = [this.name()];
    while (this.tokens[this.at]?.text === ".") {
      this.at++;
      parts.push(this.name());
    }
    return { parts, start: first?.start ?? 0, end: this.tokens[this.at - 1]?.end ?? 0 };
  }

  private name(): string {
    const token = this.tokens[this.at];
    if (token?.kind !== "word" && token?.kind !== "quoted")
      throw refuse(
        `Where a table's name belongs, the statement has ${token ? token.text.slice(0, 40) : "its end"}.`,
      );
    this.check(token);
    this.at++;
    return token.value.toLowerCase();
  }

  /** A CTE sees those before it, and itself where they are recursive. */
  private withClause(outer: Scope, depth: number): Scope {
    this.at++;
    const isRecursive = this.isWord("RECURSIVE");
    if (isRecursive) this.at++;
    const scope = new Set(outer);
    for (;;) {
      const name = this.name();
      if (this.tokens[this.at]?.text === "(") this.nested(scope, false, depth);
      if (!this.isWord("AS") || this.tokens[this.at + 1]?.text !== "(")
        throw refuse(`After WITH ${name} the statement has no AS (SELECT …).`);
      this.at++;
      this.nested(isRecursive ? new Set([...scope, name]) : scope, true, depth);
      scope.add(name);
      if (this.tokens[this.at]?.text !== ",") return scope;
      this.at++;
    }
  }

  private isWord(value: string): boolean {
    const token = this.tokens[this.at];
    return token?.kind === "word" && token.value === value;
  }
}

/** Deeper than any query of people, and far from the end of the stack. */
const maxDepth = 200;

function refuse(message: string): ToolError {
  return new ToolError("invalid_input", message);
}
