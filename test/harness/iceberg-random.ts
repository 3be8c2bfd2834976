import { type Column, columnFrom, columnJson, duckIds, duckType, RandomColumns } from "./iceberg-columns.ts";
import { type Drawn, kinds, type Random } from "./iceberg-kinds.ts";
import { partitionField } from "./iceberg-schemas.ts";
import type { IcebergWriter, WrittenFile, WrittenManifest } from "./iceberg-table.ts";

/** A state of a random table: how to ask for it, its columns, and the SQL that has its rows from the right files. */
export interface State {
  moment: Record<string, string>;
  columns: readonly Column[];
  rowsSql: string;
}

interface PartitionField {
  transform: string;
  id: number;
  name: string;
  sourceId: number;
  kind: string;
}

interface MadeFile {
  file: WrittenFile;
  localPath: string;
  written: readonly Column[];
  /** Of columns that the file lacks as its partition has them, by their ids: the same for all of its rows. */
  constants: ReadonlyMap<number, string>;
  specId: number;
  deleted: ReadonlySet<number>;
}

const codecs = ["null", "deflate", "snappy", "zstandard"] as const;
const firstMs = 1_700_000_000_000;

/** Writes a table of random steps: files come and go, rows are deleted, columns and partitions change between. */
export class RandomTable {
  private readonly random: Random;
  private readonly columns: RandomColumns;
  private readonly writer: IcebergWriter;
  private readonly localFolder: string;
  private readonly formatVersion: number;
  /** Values of partitions are in the manifests alone, as in tables that came from Hive. */
  private readonly isMigrated: boolean;
  private readonly schemas: Column[][] = [];
  private readonly specs: PartitionField[][] = [[]];
  private readonly snapshots: string[] = [];
  private readonly ids: string[] = [];
  private readonly states: State[] = [];
  private deletes: { file: WrittenFile; specId: number }[] = [];
  private live: MadeFile[] = [];
  private partitionIds = 999;

  /** `localFolder`: where DuckDB finds the files of `writer`. */
  constructor(random: Random, writer: IcebergWriter, localFolder: string) {
    this.random = random;
    this.columns = new RandomColumns(random);
    this.writer = writer;
    this.localFolder = localFolder;
    this.formatVersion = random(6) === 0 ? 1 : 2;
    this.isMigrated = random(2) === 0;
    this.schemas.push(this.columns.first());
    if (this.isMigrated || random(2) === 0) this.specs.push(this.newSpec());
  }

  /** Writes all, and gives the table's uri and its states, the newest first. */
  async write(): Promise<{ uri: string; states: State[] }> {
    const steps = 3 + this.random(3);
    for (let sequence = 1; sequence <= steps; sequence++) await this.step(sequence);
    if (this.random(2) === 0) this.evolve();
    const schemas = this.schemas.map((fields, at) => ({
      type: "struct",
      "schema-id": at,
      fields: fields.map(columnJson),
    }));
    const more = {
      "format-version": this.formatVersion,
      schemas,
      "current-schema-id": this.schemas.length - 1,
      "partition-specs": this.specs.map((fields, at) => ({
        "spec-id": at,
        fields: fields.map(({ transform, id, name, sourceId }) => ({
          transform,
          name,
          "field-id": id,
          "source-id": sourceId,
        })),
      })),
      "default-spec-id": this.specs.length - 1,
      "last-updated-ms": firstMs + steps * 60_000,
      "last-sequence-number": steps,
    };
    const current = this.ids.at(-1) ?? "-1";
    const uri = await this.writer.metadata([], { current, snapshots: this.snapshots, more });
    const newest = { moment: {}, columns: this.newest(), rowsSql: this.rowsSql(this.newest()) };
    return { uri, states: [newest, ...this.states.reverse()] };
  }

  private newest(): Column[] {
    return this.schemas.at(-1) ?? [];
  }

  private evolve(): void {
    const kept = new Set([...this.specs.flat().map(({ sourceId }) => sourceId), 1]);
    this.schemas.push(this.columns.evolved(this.newest(), kept));
  }

  private newSpec(): PartitionField[] {
    const transform = this.isMigrated ? "identity" : this.columns.pick(["identity", "bucket[4]", "void"]);
    // What is no number equals nothing, and so is no partition's value.
    const isFit = (kind: string) => transform !== "identity" || !/float|double/.test(kind);
    const fit = this.newest().filter(
      ({ id, shape }) => id !== 1 && shape.is === "plain" && isFit(shape.kind),
    );
    const source = fit[this.random(fit.length || 1)];
    if (source?.shape.is !== "plain") return [];
    const id = ++this.partitionIds;
    const { kind } = source.shape;
    return [{ transform, id, name: `p${id}`, sourceId: source.id, kind }];
  }

  private async step(sequence: number): Promise<void> {
    if (this.random(2) === 0) this.evolve();
    if (this.random(3) === 0) this.specs.push(this.newSpec());
    const gone = this.live.length > 1 && this.random(3) === 0 ? [this.columns.pick(this.live)] : [];
    this.live = this.live.filter((one) => !gone.includes(one));
    const added: MadeFile[] = [];
    for (let count = this.random(3) + (sequence === 1 ? 1 : 0); count > 0; count--)
      added.push(await this.newFile());
    for (let count = this.formatVersion > 1 ? this.random(3) : 0; count > 0; count--)
      await this.deleteRows(sequence);
    const id = String(9_007_199_254_740_993n + BigInt(sequence) * 10_000_000_000n + BigInt(this.random(1e9)));
    const snapshot = {
      id,
      sequence,
      timestamp: firstMs + sequence * 60_000,
      manifests: this.manifests(added, gone, sequence),
      listAvro: { codec: this.columns.pick(codecs) },
      more: { "schema-id": this.schemas.length - 1, "parent-snapshot-id": this.ids.at(-1) },
    };
    this.snapshots.push(await this.writer.snapshot(snapshot));
    this.ids.push(id);
    for (const made of added) made.file = { ...made.file, sequence };
    this.live.push(...added);
    const columns = this.newest();
    const at = new Date(snapshot.timestamp + this.random(59_000)).toISOString();
    const moment = this.random(2) === 0 ? { snapshot: id } : { timestamp: at };
    this.states.push({ moment, columns, rowsSql: this.rowsSql(columns) });
  }

  private manifests(added: MadeFile[], gone: MadeFile[], sequence: number): WrittenManifest[] {
    const entries = [
      ...added.map(({ file, specId }) => ({ specId, file })),
      ...this.live.map(({ file, specId }) => ({ specId, file: { ...file, status: 0 } })),
      ...gone.map(({ file, specId }) => ({ specId, file: { ...file, status: 2 } })),
    ];
    const deletes = this.deletes.map(({ file, specId }) => ({ specId, file: { ...file, status: 0 } }));
    return this.specs.flatMap((fields, specId) => {
      const partition = fields.map(({ name, id, transform, kind }) =>
        partitionField(name, id, transform.startsWith("bucket") ? "int" : kinds[kind]?.avro),
      );
      const avro = { codec: this.columns.pick(codecs), valuesPerBlock: 1 + this.random(3) };
      const common = { specId, partition, avro, sequence };
      const of = (all: typeof entries) => all.filter((one) => one.specId === specId).map(({ file }) => file);
      return [
        { ...common, files: of(entries) },
        { ...common, files: of(deletes), content: 1 },
      ].filter(({ files }) => files.length > 0);
    });
  }

  private async newFile(): Promise<MadeFile> {
    const specId = this.specs.length - 1;
    const drawn = new Map<number, Drawn | undefined>();
    const partition: Record<string, unknown> = {};
    for (const { transform, name, sourceId, kind } of this.specs[specId] ?? []) {
      const value = this.random(4) === 0 ? undefined : kinds[kind]?.draw(this.random);
      if (transform === "identity") drawn.set(sourceId, value);
      const bucket = transform === "void" ? null : this.random(4);
      partition[name] = transform === "identity" ? (value?.avro ?? null) : bucket;
    }
    const constants = new Map(
      this.isMigrated ? [...drawn].map(([id, value]) => [id, value?.sql ?? "NULL"] as const) : [],
    );
    const all = this.newest().filter(({ id }) => !constants.has(id));
    // Names in files are of no account.
    const written = all.map((column) =>
      this.random(4) === 0 ? { ...column, name: `was ${column.id}` } : column,
    );
    const rows = 1 + this.random(8);
    const { select, statistics } = this.selectOf(written, rows, drawn);
    const ids = Object.fromEntries(written.map((column) => [column.name, duckIds(column)]));
    const file = await this.writer.file(select, ids, { rows, partition, ...statistics });
    const localPath = `${this.localFolder}/${file.path.slice(this.writer.uri.length + 1)}`;
    return { file, localPath, written, constants, specId, deleted: new Set() };
  }

  private selectOf(
    written: readonly Column[],
    rows: number,
    fixed: ReadonlyMap<number, Drawn | undefined>,
  ): { select: string; statistics: Partial<WrittenFile> } {
    const statistics = { lower: {}, upper: {}, nulls: {} } as Required<
      Pick<WrittenFile, "lower" | "upper" | "nulls">
    >;
    const lists = written.map(({ id, name, shape }) => {
      if (shape.is !== "plain") {
        const values = Array.from({ length: rows }, () => this.nestedSql(shape));
        return `unnest([${values.join(", ")}]::${duckType(shape)}[]) AS "${name}"`;
      }
      const draw = () => (this.random(5) === 0 ? undefined : kinds[shape.kind]?.draw(this.random));
      const values = Array.from({ length: rows }, () => (fixed.has(id) ? fixed.get(id) : draw()));
      statistics.nulls[id] = values.filter((value) => !value).length;
      const inOrder = values.filter((value) => value?.bound).sort((a, b) => compared(a, b));
      const [least, greatest] = [inOrder[0]?.bound, inOrder.at(-1)?.bound];
      if (least) statistics.lower[id] = least;
      if (greatest) statistics.upper[id] = greatest;
      const list = values.map((value) => value?.sql ?? "NULL").join(", ");
      return `unnest([${list}]::${duckType(shape)}[]) AS "${name}"`;
    });
    return {
      select: `SELECT ${lists.join(", ")}`,
      statistics: this.random(3) === 0 ? {} : statistics,
    };
  }

  private nestedSql(shape: Column["shape"]): string {
    if (this.random(5) === 0) return "NULL";
    if (shape.is === "plain") return kinds[shape.kind]?.draw(this.random).sql ?? "NULL";
    if (shape.is === "struct") {
      const members = shape.members.map((one) => {
        const sql = this.nestedSql(one.shape);
        return `"${one.name}" := (${sql})::${duckType(one.shape)}`;
      });
      return `struct_pack(${members.join(", ")})`;
    }
    const length = this.random(3);
    const items = Array.from({ length }, () => kinds[shape.kind]?.draw(this.random).sql ?? "NULL");
    return `[${items.join(", ")}]`;
  }

  /** Deletes that count, and such as do not: older than the file they name, or of another partition. */
  private async deleteRows(sequence: number): Promise<void> {
    const near = this.live.length > 0 ? this.columns.pick(this.live) : undefined;
    if (!near) return;
    const isStale = this.random(3) === 0;
    const own = isStale ? (near.file.sequence ?? 1) - 1 : sequence;
    const isApplied = (made: MadeFile) =>
      own >= (made.file.sequence ?? 0) && made.specId === near.specId && samePartition(made, near);
    const named = this.live.filter((made) => made === near || this.random(2) === 0);
    const rows = named.flatMap((made) =>
      Array.from({ length: this.random(3) + 1 }, () => [made, this.random(made.file.rows)] as const),
    );
    const paths = rows.map(([{ file }]) => Buffer.from(file.path)).sort(Buffer.compare);
    const pathId = 2_147_483_546;
    const [least, greatest] = [paths[0], paths.at(-1)];
    const bounds =
      this.random(2) === 0 && least && greatest
        ? { lower: { [pathId]: least }, upper: { [pathId]: greatest } }
        : {};
    const { partition = {} } = near.file;
    const more = { sequence: own, partition, rows: rows.length, ...bounds };
    const file = await this.writer.deletes(
      rows.map(([made, row]) => [made.file.path, row]),
      more,
    );
    this.deletes.push({ file, specId: near.specId });
    this.live = this.live.map((made) => {
      const gone = isApplied(made) ? rows.filter(([one]) => one === made).map(([, row]) => row) : [];
      return { ...made, deleted: new Set([...made.deleted, ...gone]) };
    });
  }

  private rowsSql(columns: readonly Column[]): string {
    const parts = this.live.map(({ localPath, written, constants, deleted }) => {
      const values = columns.map((column) => {
        const constant = constants.get(column.id);
        const from =
          constant === undefined ? columnFrom(column, written) : `(${constant})::${duckType(column.shape)}`;
        return `${from} AS "${column.name}"`;
      });
      const left = deleted.size > 0 ? `WHERE file_row_number NOT IN (${[...deleted].join(", ")})` : "";
      return `SELECT ${values.join(", ")} FROM read_parquet('${localPath}', file_row_number = true) ${left}`;
    });
    const none = columns.map(({ name, shape }) => `NULL::${duckType(shape)} AS "${name}"`).join(", ");
    return [`SELECT ${none} WHERE false`, ...parts].join(" UNION ALL ");
  }
}

function compared(a: Drawn | undefined, b: Drawn | undefined): number {
  const [one, other] = [a?.order ?? 0, b?.order ?? 0];
  return Buffer.isBuffer(one) && Buffer.isBuffer(other)
    ? Buffer.compare(one, other)
    : Number(one) - Number(other);
}

function samePartition(one: MadeFile, other: MadeFile): boolean {
  return JSON.stringify(one.file.partition) === JSON.stringify(other.file.partition);
}
