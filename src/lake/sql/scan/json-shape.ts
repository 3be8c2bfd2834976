import { quoteIfNeeded } from "../../formats/sql-names.ts";
import { FieldTypes } from "./field-types.ts";
import { kinds } from "./kinds.ts";

const maxMembers = 200;
const maxTypedDepth = 8;

/** What was seen at one place of the documents of a file: kinds of values, members, items. */
export class JsonShape {
  hasBoolean = false;
  hasObject = false;
  hasArray = false;
  readonly numbers = new FieldTypes();
  readonly strings = new FieldTypes();
  hasString = false;
  /** Members in order of first sight. */
  readonly members: JsonMember[] = [];
  private readonly byName = new Map<string, JsonMember>();
  private itemShape: JsonShape | undefined;

  get item(): JsonShape {
    this.itemShape ??= new JsonShape();
    return this.itemShape;
  }

  member(name: string, spelled: Buffer): JsonMember {
    const known = this.byName.get(name);
    if (known) return known;
    const member = { name, spelled: Buffer.from(spelled), shape: new JsonShape(), lastObject: 0 };
    this.byName.set(name, member);
    this.members.push(member);
    return member;
  }

  /** The type of a top-level column: strings may be times, and decimals are read from text. */
  columnType(): string {
    if (this.isOnly("string")) return timeType(this.strings) ?? "VARCHAR";
    if (this.isOnly("number") && this.numbers.type() !== "VARCHAR") return this.numbers.type();
    return this.isEmpty ? "VARCHAR" : this.nestedType(1);
  }

  private get isEmpty(): boolean {
    return (
      !this.hasBoolean && !this.hasObject && !this.hasArray && !this.hasString && this.numbers.seen === 0
    );
  }

  private isOnly(kind: "string" | "number" | "boolean" | "object" | "array"): boolean {
    const seen = {
      string: this.hasString,
      number: this.numbers.seen !== 0,
      boolean: this.hasBoolean,
      object: this.hasObject,
      array: this.hasArray,
    };
    return Object.entries(seen).every(([name, isSeen]) => isSeen === (name === kind));
  }

  /** The type inside a value. Decimals stay JSON there: the engine reads them through doubles. */
  private nestedType(depth: number): string {
    if (this.isOnly("boolean")) return "BOOLEAN";
    if (this.isOnly("string")) return "VARCHAR";
    if (this.isOnly("number")) {
      const type = this.numbers.type();
      return type === "BIGINT" || type === "DOUBLE" ? type : "JSON";
    }
    if (depth > maxTypedDepth) return "JSON";
    if (this.isOnly("array") && this.itemShape) {
      return this.itemShape.isEmpty ? "JSON" : `${this.itemShape.nestedType(depth + 1)}[]`;
    }
    return this.isOnly("object") ? this.structType(depth) : "JSON";
  }

  private structType(depth: number): string {
    const { members } = this;
    const folded = new Set(members.map(({ name }) => name.toLowerCase()));
    const isPlain = members.length > 0 && members.length <= maxMembers && folded.size === members.length;
    if (!isPlain || folded.has("") || members.some(({ name }) => name.includes("\0"))) return "JSON";
    const fields = members.map(
      ({ name, shape }) => `${quoteIfNeeded(name)} ${shape.isEmpty ? "JSON" : shape.nestedType(depth + 1)}`,
    );
    return `STRUCT(${fields.join(", ")})`;
  }
}

export interface JsonMember {
  name: string;
  /** The name's bytes between its quotes, as first spelled. */
  spelled: Buffer;
  shape: JsonShape;
  /** The object this name was last seen in, to find names that occur twice. */
  lastObject: number;
}

function timeType(strings: FieldTypes): string | undefined {
  const isTime = (strings.seen & ~(kinds.date | kinds.timestamp | kinds.zonedTimestamp)) === 0;
  const type = strings.seen === 0 || !isTime ? "VARCHAR" : strings.type();
  return type === "VARCHAR" ? undefined : type;
}
