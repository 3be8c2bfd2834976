import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isRecord } from "../../core/record.ts";
import { UsageError } from "../frame/usage-error.ts";

export interface MergeRequest {
  /** Absolute path of a JSON file, which need not exist. */
  file: string;
  member: string;
  serverName: string;
  entry: Record<string, unknown>;
  /** Names the backup. */
  now: Date;
}

export interface MergeResult {
  /** `unchanged`: the file said so already, and was not touched. */
  outcome: "created" | "updated" | "unchanged";
  /** Copy of what the file held before. */
  backup?: string;
}

/**
 * Enters a server into a client's settings file, keeping all else in it, with a backup beside it. The file
 * changes at once or not at all. Throws `UsageError` for a file that is not plain JSON: it is left as it is.
 */
export async function mergeIntoFile(request: MergeRequest): Promise<MergeResult> {
  // A link to a file kept elsewhere (dotfiles) stays a link.
  const file = await realpath(request.file).catch(() => request.file);
  const before = await readText(file);
  const settings = parseSettings(before ?? "{}", request);
  const servers = memberOf(settings, request);
  if (JSON.stringify(servers[request.serverName]) === JSON.stringify(request.entry))
    return { outcome: "unchanged" };
  const merged = { ...settings, [request.member]: { ...servers, [request.serverName]: request.entry } };
  const text = `${JSON.stringify(merged, undefined, indentOf(before))}\n`;
  if (before === undefined) {
    await mkdir(dirname(file), { recursive: true });
    await replace(file, text, 0o600);
    return { outcome: "created" };
  }
  const backup = `${file}.backup-${request.now.toISOString().replace(/[-:]|\.\d+/g, "")}`;
  await copyFile(file, backup, constants.COPYFILE_EXCL);
  await replace(file, text, (await stat(file)).mode & 0o777);
  return { outcome: "updated", backup };
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).replace(/^\ufeff/, "");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

function parseSettings(text: string, { file }: MergeRequest): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text.trim() === "" ? "{}" : text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // Comments and trailing commas, which some clients allow, would be lost in rewriting: say so instead.
  }
  throw new UsageError(
    `${file} is not plain JSON, so it was left as it is. Run the same without --write, and paste what it prints.`,
  );
}

function memberOf(
  settings: Record<string, unknown>,
  { file, member }: MergeRequest,
): Record<string, unknown> {
  const servers = settings[member] ?? {};
  if (isRecord(servers)) return servers;
  throw new UsageError(`"${member}" in ${file} is not an object, so the file was left as it is.`);
}

function indentOf(text: string | undefined): string {
  return /\n([ \t]+)"/.exec(text ?? "")?.[1] ?? "  ";
}

async function replace(file: string, text: string, mode: number): Promise<void> {
  const fresh = `${file}.${randomUUID()}`;
  try {
    await writeFile(fresh, text, { mode, flag: "wx" });
    await rename(fresh, file);
  } finally {
    await rm(fresh, { force: true });
  }
}
