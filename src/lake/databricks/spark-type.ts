/** A type of Spark SQL, as far as values differ by it. */
export type SparkType =
  | { kind: "scalar"; name: string; text: string }
  | { kind: "array"; element: SparkType }
  | { kind: "map"; key: SparkType; value: SparkType }
  | { kind: "struct"; fields: { name: string; type: SparkType }[] };

/** Names of DuckDB's types, which results use, by Spark's. Source: Databricks SQL "Data types". */
const ownNames: Record<string, string> = {
  boolean: "BOOLEAN",
  byte: "TINYINT",
  tinyint: "TINYINT",
  short: "SMALLINT",
  smallint: "SMALLINT",
  int: "INTEGER",
  integer: "INTEGER",
  long: "BIGINT",
  bigint: "BIGINT",
  real: "FLOAT",
  float: "FLOAT",
  double: "DOUBLE",
  string: "VARCHAR",
  char: "VARCHAR",
  varchar: "VARCHAR",
  binary: "BLOB",
  date: "DATE",
  timestamp: "TIMESTAMP WITH TIME ZONE",
  timestamp_ltz: "TIMESTAMP WITH TIME ZONE",
  timestamp_ntz: "TIMESTAMP",
  interval: "INTERVAL",
  variant: "JSON",
  void: "NULL",
  null: "NULL",
};

const decimalNames = new Set(["decimal", "dec", "numeric"]);
const maxDepth = 50;

/** Reads a type's text: `decimal(10,2)`, `STRUCT<a: INT NOT NULL, b: ARRAY<STRING>>`. What is not known stays its text. */
export function parseSparkType(text: string): SparkType {
  const reader = new TypeReader(text);
  const type = reader.type(0);
  return type && reader.isAtEnd() ? type : { kind: "scalar", name: "", text };
}

/** A type as results name it: `DECIMAL(10,2)`, `STRUCT(a INTEGER, b VARCHAR[])`. */
export function typeNameOf(type: SparkType): string {
  if (type.kind === "array") return `${typeNameOf(type.element)}[]`;
  if (type.kind === "map") return `MAP(${typeNameOf(type.key)}, ${typeNameOf(type.value)})`;
  if (type.kind === "struct") {
    const fields = type.fields.map((field) => `${quoteField(field.name)} ${typeNameOf(field.type)}`);
    return `STRUCT(${fields.join(", ")})`;
  }
  if (decimalNames.has(type.name)) {
    const [, precision = "10", scale = "0"] = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(type.text) ?? [];
    return `DECIMAL(${precision},${scale})`;
  }
  return ownNames[type.name] ?? type.text.toUpperCase();
}

function quoteField(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

class TypeReader {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  isAtEnd(): boolean {
    return this.take(/\s*/y) !== undefined && this.at === this.text.length;
  }

  /** Undefined where the text is no type known here. */
  type(depth: number): SparkType | undefined {
    const name = this.take(/\s*([a-z_]\w*)/iy)?.toLowerCase();
    if (name === undefined || depth > maxDepth) return undefined;
    if (name === "array") return this.array(depth);
    if (name === "map") return this.map(depth);
    if (name === "struct") return this.struct(depth);
    if (name === "interval") this.take(/(\s+(year|month|day|hour|minute|second|to)\b)*/iy);
    const parameters = this.take(/(\s*\([^()]*\))?/y) ?? "";
    return { kind: "scalar", name, text: `${name}${parameters}` };
  }

  private array(depth: number): SparkType | undefined {
    if (!this.has("<")) return undefined;
    const element = this.type(depth + 1);
    return element && this.has(">") ? { kind: "array", element } : undefined;
  }

  private map(depth: number): SparkType | undefined {
    const key = this.has("<") ? this.type(depth + 1) : undefined;
    const value = key && this.has(",") ? this.type(depth + 1) : undefined;
    return key && value && this.has(">") ? { kind: "map", key, value } : undefined;
  }

  private struct(depth: number): SparkType | undefined {
    if (!this.has("<")) return undefined;
    const fields: { name: string; type: SparkType }[] = [];
    if (this.has(">")) return { kind: "struct", fields };
    do {
      const quoted = this.take(/\s*`((?:[^`]|``)*)`/y)?.replaceAll("``", "`");
      const name = quoted ?? this.take(/\s*([^\s:<>,`]+)/y);
      this.has(":");
      const type = name === undefined ? undefined : this.type(depth + 1);
      if (name === undefined || !type) return undefined;
      this.take(/(\s+not\s+null)?(\s+comment\s+'(?:[^'\\]|\\.)*')?/iy);
      fields.push({ name, type });
    } while (this.has(","));
    return this.has(">") ? { kind: "struct", fields } : undefined;
  }

  private has(mark: string): boolean {
    const [, blank = ""] = /^(\s*)/.exec(this.text.slice(this.at, this.at + 64)) ?? [];
    if (!this.text.startsWith(mark, this.at + blank.length)) return false;
    this.at += blank.length + mark.length;
    return true;
  }

  /** The first group of a sticky pattern, or all of it; the position moves behind it. */
  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (!match) return undefined;
    this.at = pattern.lastIndex;
    return match[1] ?? match[0];
  }
}
