import { kinds, type Random } from "./iceberg-kinds.ts";

/** A column of a table, or a member of a column. */
export interface Column {
  id: number;
  name: string;
  shape: Shape;
}

export type Shape =
  | { is: "plain"; kind: string }
  | { is: "struct"; members: readonly Column[] }
  | { is: "list"; elementId: number; kind: string };

/** Names come again for other columns once they are free. */
const names = ["a", "b c", "Ä", "select", "x.y", "d", "element", "key", "n1", "n2", "n3", "n4"];

/** Columns of one table: what changes them gives ids that were never given. */
export class RandomColumns {
  readonly random: Random;
  private lastId = 0;

  constructor(random: Random) {
    this.random = random;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.random(items.length)];
    if (item === undefined) throw new RangeError("there is nothing to pick from");
    return item;
  }

  first(): Column[] {
    const key = { id: ++this.lastId, name: "rid", shape: { is: "plain", kind: "long" } } as const;
    return this.withNew(this.withNew([key]));
  }

  /** Another schema: `kept` are not dropped. */
  evolved(columns: readonly Column[], kept: ReadonlySet<number>): Column[] {
    const at = this.random(columns.length);
    const old = columns[at];
    if (!old) return [...columns];
    const replaced = (column: Column) => columns.map((one) => (one === old ? column : one));
    switch (this.random(6)) {
      case 0:
        return columns.length > 2 && !kept.has(old.id) ? columns.filter((one) => one !== old) : [...columns];
      case 1:
        return replaced({ ...old, name: this.freeName(columns) });
      case 2:
        return [...columns.slice(at), ...columns.slice(0, at)];
      case 3:
        return replaced({ ...old, shape: this.otherShape(old.shape) });
      default:
        return this.withNew(columns);
    }
  }

  private withNew(columns: readonly Column[]): Column[] {
    if (columns.length > 7) return [...columns];
    return [...columns, { id: ++this.lastId, name: this.freeName(columns), shape: this.newShape() }];
  }

  private newShape(): Shape {
    const what = this.random(8);
    if (what === 0) return { is: "list", elementId: ++this.lastId, kind: this.kind() };
    return what === 1 ? { is: "struct", members: this.newMember(this.newMember([])) } : this.plainShape();
  }

  private plainShape(): Shape {
    return { is: "plain", kind: this.kind() };
  }

  private newMember(members: readonly Column[]): Column[] {
    const name = this.freeName(members);
    return [...members, { id: ++this.lastId, name, shape: this.plainShape() }];
  }

  private otherShape(shape: Shape): Shape {
    if (shape.is !== "struct") return { ...shape, kind: kinds[shape.kind]?.wider ?? shape.kind };
    const [first, ...rest] = shape.members;
    if (!first || this.random(2) === 0) return { is: "struct", members: this.newMember(shape.members) };
    const renamed = { ...first, name: this.freeName(shape.members) };
    return { is: "struct", members: rest.length > 1 && this.random(2) === 0 ? rest : [...rest, renamed] };
  }

  private kind(): string {
    return this.pick(Object.keys(kinds));
  }

  private freeName(columns: readonly Column[]): string {
    const taken = new Set(columns.map(({ name }) => name));
    return this.pick(names.filter((name) => !taken.has(name)));
  }
}

/** A column as a schema of the metadata has it. */
export function columnJson({ id, name, shape }: Column): Record<string, unknown> {
  return { id, name, required: false, type: typeJson(shape) };
}

function typeJson(shape: Shape): unknown {
  if (shape.is === "plain") return shape.kind;
  if (shape.is === "struct") return { type: "struct", fields: shape.members.map(columnJson) };
  return { type: "list", "element-id": shape.elementId, element: shape.kind, "element-required": false };
}

/** A column's type as DuckDB writes it. */
export function duckType(shape: Shape): string {
  if (shape.is === "plain") return kinds[shape.kind]?.duck ?? "";
  if (shape.is === "list") return `${kinds[shape.kind]?.duck}[]`;
  return `STRUCT(${shape.members.map(({ name, shape: own }) => `"${name}" ${duckType(own)}`).join(", ")})`;
}

/** The ids of a column's parts, as DuckDB's FIELD_IDS take them. */
export function duckIds({ id, shape }: Column): number | string {
  if (shape.is === "plain") return id;
  const inner =
    shape.is === "list"
      ? [`"element": ${shape.elementId}`]
      : shape.members.map((member) => `"${member.name}": ${duckIds(member)}`);
  return `{"__duckdb_field_id": ${id}, ${inner.join(", ")}}`;
}

/** How a column is had from a file that was written with another schema; NULL where it has none of the id. */
export function columnFrom(wanted: Column, written: readonly Column[], inside = ""): string {
  const found = written.find(({ id }) => id === wanted.id);
  const type = duckType(wanted.shape);
  if (!found) return `NULL::${type}`;
  const source = inside === "" ? `"${found.name}"` : `struct_extract(${inside}, '${found.name}')`;
  if (wanted.shape.is !== "struct" || found.shape.is !== "struct") return `(${source})::${type}`;
  const { members } = found.shape;
  const packed = wanted.shape.members.map((one) => `"${one.name}" := ${columnFrom(one, members, source)}`);
  return `CASE WHEN ${source} IS NOT NULL THEN struct_pack(${packed.join(", ")}) END`;
}
