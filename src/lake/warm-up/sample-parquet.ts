/** A field of a Thrift struct: its number, its type in the compact protocol, and its bytes. */
type Field = readonly [number: number, type: number, bytes: Buffer];

const [i32, i64, binary, list, struct] = [5, 6, 8, 9, 12] as const;
/** Source: parquet.thrift, `Type` and `ConvertedType`. */
const physical = { int32: 1, int64: 2, double: 5, bytes: 6 } as const;
const converted = { text: 0, decimal: 5, date: 6, microseconds: 10 } as const;
const rowsOfGroup = 100_000;
const chunkBytes = 1_000;

const columns = [
  { name: "id", type: physical.int64 },
  { name: "kind", type: physical.bytes, converted: converted.text },
  { name: "price", type: physical.int64, converted: converted.decimal },
  { name: "share", type: physical.double },
  { name: "day", type: physical.int32, converted: converted.date },
  { name: "at", type: physical.int64, converted: converted.microseconds },
  { name: "count", type: physical.int32 },
  { name: "comment", type: physical.bytes, converted: converted.text },
];
type Column = (typeof columns)[number];

/**
 * A Parquet file with the columns and statistics that tables usually have, and with no data: it is for running the code that
 * reads footers. Source: parquet.thrift; Thrift, "Thrift Compact protocol encoding".
 */
export function sampleParquet(rowGroups: number): Buffer {
  const root = structOf([text(4, "schema"), number(5, i32, columns.length)]);
  const footer = structOf([
    number(1, i32, 1),
    listOf(2, struct, [root, ...columns.map(elementOf)]),
    number(3, i64, rowGroups * rowsOfGroup),
    listOf(4, struct, Array.from({ length: rowGroups }, rowGroup)),
    text(6, "sample"),
  ]);
  const end = Buffer.alloc(8, "PAR1");
  end.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from("PAR1"), Buffer.alloc(chunkBytes), footer, end]);
}

function elementOf({ name, type, converted: logical }: Column): Buffer {
  return structOf([
    number(1, i32, type),
    number(3, i32, 1),
    text(4, name),
    ...(logical === undefined ? [] : [number(6, i32, logical)]),
    ...(logical === converted.decimal ? [number(7, i32, 2), number(8, i32, 15)] : []),
  ]);
}

function rowGroup(): Buffer {
  return structOf([
    listOf(1, struct, columns.map(columnChunk)),
    number(2, i64, columns.length * chunkBytes),
    number(3, i64, rowsOfGroup),
  ]);
}

function columnChunk({ name, type }: Column): Buffer {
  const bound = boundOf(type);
  const statistics = structOf([number(3, i64, 0), bytes(5, bound), bytes(6, bound)]);
  const data = structOf([
    number(1, i32, type),
    listOf(2, i32, [zigzag(0), zigzag(8)]),
    listOf(3, binary, [sized(Buffer.from(name))]),
    number(4, i32, 1),
    number(5, i64, rowsOfGroup),
    number(6, i64, 2 * chunkBytes),
    number(7, i64, chunkBytes),
    number(9, i64, 4),
    number(11, i64, 4),
    [12, struct, statistics],
  ]);
  return structOf([number(2, i64, 4), [3, struct, data]]);
}

function boundOf(type: number): Buffer {
  if (type === physical.bytes) return Buffer.from("sample");
  return Buffer.concat([Buffer.of(7), Buffer.alloc(type === physical.int32 ? 3 : 7)]);
}

function structOf(fields: readonly Field[]): Buffer {
  let before = 0;
  const parts = fields.flatMap(([number, type, value]) => {
    const header = Buffer.of(((number - before) << 4) | type);
    before = number;
    return [header, value];
  });
  return Buffer.concat([...parts, Buffer.of(0)]);
}

const number = (at: number, type: typeof i32 | typeof i64, value: number): Field => [at, type, zigzag(value)];
const bytes = (at: number, value: Buffer): Field => [at, binary, sized(value)];
const text = (at: number, value: string) => bytes(at, Buffer.from(value));

function listOf(at: number, type: number, items: readonly Buffer[]): Field {
  const isShort = items.length < 15;
  const header = Buffer.of(((isShort ? items.length : 15) << 4) | type);
  return [at, list, Buffer.concat([header, ...(isShort ? [] : [varint(items.length)]), ...items])];
}

const sized = (value: Buffer) => Buffer.concat([varint(value.length), value]);
const zigzag = (value: number) => varint(2 * value);

function varint(value: number): Buffer {
  const out: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 0x80)) out.push((left % 0x80) | 0x80);
  return Buffer.from([...out, left]);
}
