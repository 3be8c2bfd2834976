import type { ErrorCode } from "../../../core/errors.ts";
import { ToolError } from "../../../core/errors.ts";
import { cacheDirSetting } from "../../settings.ts";
import { type FromWorker, type Job, type JobScan, processMemoryMessage, workerTemp } from "../protocol.ts";
import { parquetFault } from "./file-faults.ts";
import { wideDecimalMessage } from "./wide-decimals.ts";

type Failure = Extract<FromWorker, { kind: "failed" }>;

const codes: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /^(Parser|Binder|Catalog|Conversion|Invalid Input|Out of Range|Constraint|Mismatch Type|Invalid Type|Syntax|Expression) Error/,
    "invalid_input",
  ],
  [/^Not implemented Error/i, "unsupported"],
  [/^Permission Error/, "denied"],
  [/^(INTERNAL|FATAL) Error/i, "unsupported"],
];

const maxMessageChars = 800;

/** What a thrown error becomes on its way to the server. Server paths are replaced by the names callers know. */
export function failureOf(id: number, job: Job, thrown: unknown): Failure {
  if (thrown instanceof ToolError) {
    const { code, message, details } = thrown;
    return { kind: "failed", id, code, message: withoutPaths(message, job), details, isSpent: false };
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const failed = { kind: "failed" as const, id, details: {}, cause: text.slice(0, 4_000) };
  const isEngine = /^Out of Memory Error/.test(text);
  if (isEngine || isHeapExhausted(text)) {
    return {
      ...failed,
      code: "too_large",
      message: isOwnBound(text) ? memoryMessage(text, job) : processMemoryMessage,
      // What is left of its memory is not known: the next call gets a fresh one.
      isSpent: true,
    };
  }
  if (isDiskFull(text)) return { ...failed, ...diskFull, isSpent: false };
  if (/^(INTERNAL|FATAL) Error/i.test(text)) {
    const message = "The query engine could not run this statement. Try it in another form.";
    return { ...failed, code: "unsupported", message, isSpent: true };
  }
  if (/Maximum call stack size exceeded/.test(text)) {
    const message = "A value is nested too deeply to be given out. Select a part of it.";
    return { ...failed, code: "too_large", message, isSpent: false };
  }
  const wide = wideDecimalMessage(text);
  if (wide !== undefined) return { ...failed, code: "unsupported", message: wide, isSpent: false };
  const ofFile = parquetFault(text, job);
  if (ofFile) return { ...failed, ...ofFile, message: withoutPaths(ofFile.message, job), isSpent: false };
  const known = codes.find(([pattern]) => pattern.test(text));
  if (known) return { ...failed, code: known[1], message: readable(text, job), isSpent: false };
  if (
    /^(IO|Serialization|HTTP|Invalid) Error/i.test(text) ||
    /Parquet|TProtocolException|Snappy|ZSTD/i.test(text)
  ) {
    return {
      ...failed,
      code: "unsupported",
      message: `The data cannot be read: ${readable(text, job)}`,
      isSpent: false,
    };
  }
  return { ...failed, code: "internal", message: "The query worker failed.", isSpent: true };
}

/** As the engine and Node say it. Its other errors quote statements and data, which may have these words too. */
function isDiskFull(text: string): boolean {
  return /^IO Error: .*: (No space left on device|Disk quota exceeded)$|^ENOSPC: /s.test(text.trim());
}

const diskFull = {
  code: "unavailable" as const,
  message: `The disk of the local cache (${cacheDirSetting}) is full. Free some of it, or filter or aggregate earlier.`,
  details: { setting: cacheDirSetting },
};

function isHeapExhausted(text: string): boolean {
  return /bad_alloc|Invalid string length|Array buffer allocation failed|Invalid array length/.test(text);
}

/** The engine tells how much of its limit is used; what the system refuses it reports without. */
function isOwnBound(text: string): boolean {
  return /^Out of Memory Error/.test(text) && /\bused\)|max_temp_directory_size/.test(text);
}

function memoryMessage(text: string, job: Job): string {
  const limits = job.kind === "plan" ? undefined : job;
  if (/temp|offload|spill/i.test(text) && /max_temp_directory_size/.test(text)) {
    return `The statement needs more than the ${limits?.tempBytes} bytes of temporary disk space a query may use. Filter or aggregate earlier.`;
  }
  return `The statement needs more than the ${limits?.memoryBytes} bytes of memory a query may use. Filter or aggregate earlier.`;
}

/** The engine's own words, shortened, without the lines that quote SQL which is not the caller's. */
function readable(text: string, job: Job): string {
  const [head = ""] = text.split("\n\nLINE ");
  const quoted = job.kind === "run" && text.includes("\n\nLINE ") ? quotedLine(text, job.sql) : "";
  return withoutPaths(`${withoutInstallHint(head).trim()}${quoted}`, job).slice(0, maxMessageChars);
}

/** The engine proposes extensions, which nobody can add here. */
function withoutInstallHint(text: string): string {
  return text.replace(/, but it exists in the \w+ extension[\s\S]*/, "; extensions are not to be had here.");
}

function quotedLine(text: string, sql: string): string {
  const line = /\n\nLINE \d+: ([^\n]*)/.exec(text)?.[1]?.replace(/^\.\.\.|\.\.\.$/g, "") ?? "";
  return line !== "" && sql.includes(line) ? `\nnear: ${line}` : "";
}

function scansOf(job: Job): JobScan[] {
  if (job.kind === "run") return job.tables.map(({ scan }) => scan);
  return job.kind === "analyze" ? [job.scan] : [];
}

function withoutPaths(message: string, job: Job): string {
  if (job.kind === "plan") return message;
  if (job.kind === "inspect") return message.replaceAll(job.path, job.uri).replaceAll(job.folder, "…");
  if (job.kind === "convert") return message.replaceAll(job.targetPath, job.uri).replaceAll(job.folder, "…");
  const scans = scansOf(job);
  let clean = message;
  for (const { path, uri, prepared } of scans.flatMap(({ files }) => files)) {
    clean = clean.replaceAll(`${path}.copy`, uri).replaceAll(path, uri);
    if (prepared) clean = clean.replaceAll(prepared.path, uri);
  }
  if (job.kind === "run" && job.links) clean = clean.replaceAll(job.links.folder, "…");
  for (const { heldIn } of scans) if (heldIn !== undefined) clean = clean.replaceAll(heldIn, "…");
  clean = clean.replaceAll(workerTemp(process.cwd(), process.pid), "…");
  return clean.replaceAll(job.folder, "…").replace(/\/proc\/\d+\/\S*/g, "…");
}
