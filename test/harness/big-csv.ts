import { once } from "node:events";
import { createWriteStream, readdirSync, readFileSync } from "node:fs";
import { createGzip } from "node:zlib";

export interface BigTextOptions {
  format?: "csv" | "ndjson";
  isGzip?: boolean;
}

/** Writes at least `sizeBytes` of text, in gzip where `isGzip`; answers with its rows. Default: CSV as it is. */
export async function writeBigText(
  to: string,
  sizeBytes: number,
  { format = "csv", isGzip = false }: BigTextOptions = {},
): Promise<number> {
  const { header, rowOf } = bigFormats[format];
  const file = createWriteStream(to);
  const out = isGzip ? createGzip({ level: 1 }) : file;
  if (out !== file) out.pipe(file);
  let rows = 0;
  out.write(header);
  let written = header.length;
  while (written < sizeBytes) {
    let block = "";
    for (let count = 0; count < 5_000; count++, rows++) block += rowOf(rows);
    written += block.length;
    if (!out.write(block)) await once(out, "drain");
  }
  out.end();
  await once(file, "finish");
  return rows;
}

const bigFormats = {
  csv: {
    header: "id,customer,status,total,day,city,note\n",
    rowOf: (row: number) =>
      `${row},${customerOf(row)},${statusOf(row)},${totalOf(row)},${dayOf(row)},city${row % 300},"a note, number ${row % 1000}"\n`,
  },
  ndjson: {
    header: "",
    rowOf: (row: number) =>
      `{"id":${row},"customer":"${customerOf(row)}","status":"${statusOf(row)}","total":${totalOf(row)},"day":"${dayOf(row)}","at":{"city":"city${row % 300}"},"note":"a note, number ${row % 1000}"}\n`,
  },
};

const customerOf = (row: number) => `c${(row * 7919) % 500_000}`;
const statusOf = (row: number) => ["open", "paid", "late"][row % 3];
const totalOf = (row: number) => (row % 100_000) / 100;
const dayOf = (row: number) =>
  `2025-${String(1 + (row % 12)).padStart(2, "0")}-${String(1 + (row % 28)).padStart(2, "0")}`;

/**
 * Resident memory of a process and all below it. Pages they share count once: a process about to start another one has
 * all of them twice for a moment. Linux only: reads /proc.
 */
export function familyBytes(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      parents.set(Number(name), Number(/PPid:\s+(\d+)/.exec(status)?.[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean => {
    for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (at === root) return true;
    return false;
  };
  return [...parents.keys()].filter(isOurs).reduce((sum, pid) => sum + proportionalBytes(pid), 0);
}

/** Of a page that is shared, each process's part. */
function proportionalBytes(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
