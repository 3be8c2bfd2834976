import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { momentMs } from "../tables/table-moment.ts";

const texts = z.record(z.string(), z.string().nullable());
/** Writers leave out what they do not know, or write null. */
const maybe = <T extends z.ZodType>(type: T) =>
  type
    .nullish()
    .transform((value) => value ?? undefined)
    .optional();
const count = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);

const deletionVector = z.object({
  storageType: z.enum(["u", "i", "p"]),
  pathOrInlineDv: z.string().min(1),
  offset: maybe(count),
  sizeInBytes: count,
  cardinality: count,
});
/** Where the numbers of a file's deleted rows are kept. `cardinality`: how many they are. */
export type DeletionVector = z.output<typeof deletionVector>;

const add = z.object({
  path: z.string().min(1),
  partitionValues: maybe(texts),
  size: count,
  modificationTime: maybe(count.pipe(momentMs)),
  stats: maybe(z.string()),
  deletionVector: maybe(deletionVector),
});
/** A file of a table. `size` in bytes, `modificationTime` in milliseconds since the epoch, `stats` as JSON text. */
export type AddFile = z.output<typeof add>;

const remove = z.object({
  path: z.string().min(1),
  deletionVector: maybe(deletionVector.pick({ storageType: true, pathOrInlineDv: true, offset: true })),
});

const protocol = z.object({
  minReaderVersion: count,
  minWriterVersion: count,
  readerFeatures: maybe(z.array(z.string())),
  writerFeatures: maybe(z.array(z.string())),
});
export type Protocol = z.output<typeof protocol>;

const metadata = z.object({
  id: maybe(z.string()),
  name: maybe(z.string()),
  description: maybe(z.string()),
  format: maybe(z.object({ provider: z.string() })),
  schemaString: z.string(),
  partitionColumns: z
    .array(z.string())
    .nullish()
    .transform((names) => names ?? []),
  configuration: texts.nullish().transform((values) => values ?? {}),
  createdTime: maybe(count),
});
export type Metadata = z.output<typeof metadata>;

/** A file beside a checkpoint that holds a part of its actions. */
const sidecar = z.object({ path: z.string().min(1), sizeInBytes: maybe(count) });
export type Sidecar = z.output<typeof sidecar>;

const action = z.object({
  add: maybe(add),
  remove: maybe(remove),
  protocol: maybe(protocol),
  metaData: maybe(metadata),
  sidecar: maybe(sidecar),
});
/** One line of a log. Actions that say nothing of what a table holds are left out. */
export type Action = z.output<typeof action>;

/** Reads one line. Throws `invalid_input` for what is cut off or no action, with the file it is in. */
export function parseAction(line: string, uri: string): Action {
  return actionOf(parseLine(line, uri), uri);
}

/** The JSON of a line. Throws `invalid_input` for what is cut off. */
export function parseLine(line: string, uri: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw damagedLog(uri, "a line of it is not one JSON document; it may be cut off", cause);
  }
}

/** Holds a value to the shape of an action. Throws `invalid_input`. */
export function actionOf(value: unknown, uri: string): Action {
  const parsed = action.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damagedLog(
    uri,
    issue?.path.length
      ? `an action has no right value at ${issue.path.join(".")}`
      : "a line holds none of the actions there are",
    parsed.error,
  );
}

/** What is said of a log that does not tell which rows a table has. */
export function damagedLog(uri: string, what: string, cause?: unknown): ToolError {
  return new ToolError(
    "invalid_input",
    `The Delta log is damaged at ${quoteName(uri)}: ${what}. Nothing of the table is read, as a part of it would be wrong rows.`,
    { cause },
  );
}

/** What tells one state of a file from another: the same file may come with several deletion vectors. */
export function fileKey({
  path,
  deletionVector: vector,
}: {
  path: string;
  deletionVector?: Pick<DeletionVector, "storageType" | "pathOrInlineDv" | "offset"> | undefined;
}): string {
  if (!vector) return path;
  return JSON.stringify([path, vector.storageType, vector.pathOrInlineDv, vector.offset ?? null]);
}
