import { asciiLowerCase } from "../../../core/dotted-name.ts";
import { quoteSparkName } from "../table-name.ts";
import { quoteText, refusal, type Token, tokenize } from "./tokens.ts";

/** A word as it is compared: in lower case, and nothing for what is no bare word. */
export function wordOf({ kind, text }: Token): string {
  return kind === "word" ? asciiLowerCase(text) : "";
}

const last: Token = { kind: "end", text: "", at: 0, end: 0 };
/** Parentheses in parentheses. */
const maxDepth = 100;

/** A statement's words from left to right, and what is written out in their place. */
export class SqlReader {
  readonly sql: string;
  private readonly tokens: Token[];
  private readonly out: string[] = [];
  private index = 0;
  private depth = 0;

  constructor(sql: string) {
    this.sql = sql;
    this.tokens = tokenize(sql);
  }

  /** The token `ahead` of the next one; before the first and behind the last there is but the end. */
  peek(ahead = 0): Token {
    return this.tokens[this.index + ahead] ?? { ...last, at: this.sql.length, end: this.sql.length };
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.index++;
    return token;
  }

  isMark(mark: string, ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === "mark" && text === mark;
  }

  isWord(word: string, ahead = 0): boolean {
    return wordOf(this.peek(ahead)) === word;
  }

  isName(ahead = 0): boolean {
    const { kind } = this.peek(ahead);
    return kind === "word" || kind === "quoted";
  }

  /** Takes the next token where it is this bare word or mark, and writes it. */
  accept(wanted: string): boolean {
    if (!this.isMark(wanted) && !this.isWord(wanted)) return false;
    this.write(this.next().text);
    return true;
  }

  expect(wanted: string): void {
    if (!this.accept(wanted))
      throw this.unexpected(`where ${JSON.stringify(wanted.toUpperCase())} is expected`);
  }

  /** Takes a name and writes it in backticks, so that it can mean nothing else. */
  name(): string {
    if (!this.isName()) throw this.unexpected("where a name is expected");
    const { text } = this.next();
    this.write(quoteSparkName(text));
    return text;
  }

  /** `(a, b)` */
  nameList(): void {
    this.expect("(");
    do this.name();
    while (this.accept(","));
    this.expect(")");
  }

  /** Takes a text or number and writes it as it is. */
  literal(): void {
    const token = this.next();
    this.write(token.kind === "text" ? quoteText(token.text) : token.text);
  }

  write(text: string): void {
    this.out.push(text);
  }

  /** What was written, its parts apart, so that no two of them can make a third. */
  written(): string {
    return this.out.join(" ");
  }

  /** Runs `work` one level deeper. */
  nested(work: () => void): void {
    if (++this.depth > maxDepth) throw this.refuse(`more than ${maxDepth} levels of parentheses`);
    work();
    this.depth--;
  }

  refuse(what: string, token: Token = this.peek()) {
    return refusal(this.sql, token.at, what);
  }

  unexpected(where: string) {
    const { kind, text } = this.peek();
    return this.refuse(kind === "end" ? `its end ${where}` : `${JSON.stringify(text.slice(0, 60))} ${where}`);
  }
}
