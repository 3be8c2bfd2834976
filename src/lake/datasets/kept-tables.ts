import { type LakeScope, sharersOf } from "../scope.ts";
import type { SqlEngine } from "../sql/engine.ts";
import type { Dataset } from "./dataset.ts";
import type { CallHolds, HydratedTable } from "./hydration.ts";
import { createPins, type Pins } from "./pins.ts";
import type { ScanBudget } from "./scan-budget.ts";

/**
 * Tables of many small files that stay open for a while after a call: to open and link each file takes longer than
 * most questions. Only of files that are whole in the cache, which nothing of a call clings to.
 */
export interface KeptTables {
  /** The dataset's table as it is open, or as `hydrate` opens it. Its files are given back with those of the call. */
  open(
    dataset: Dataset,
    holds: CallHolds,
    scope: LakeScope,
    hydrate: (holds: CallHolds) => Promise<HydratedTable>,
  ): Promise<HydratedTable>;
  /** Gives back what no call uses. Never rejects. */
  letGo(): Promise<void>;
}

export interface KeptTablesOptions {
  engine: Pick<SqlEngine, "hold">;
  /** A folder in which cached files may get further names. */
  newLinksFolder(): Promise<string>;
  /** Bytes of all tables that are kept. */
  maxBytes: number;
  keepMs?: number;
}

interface Kept {
  table: HydratedTable;
  sizeBytes: number;
  /** What the table counted of what a call may read. */
  scannedBytes: number;
  users: number;
  expiry?: NodeJS.Timeout;
  pins: Pins;
  unlink: Promise<() => Promise<void>>;
}

const minFiles = 32;
const defaultKeepMs = 30_000;

export function createKeptTables({
  engine,
  newLinksFolder,
  maxBytes,
  keepMs = defaultKeepMs,
}: KeptTablesOptions): KeptTables {
  const kept = new Map<string, Kept>();
  const drop = async (key: string, one: Kept) => {
    clearTimeout(one.expiry);
    kept.delete(key);
    await giveBack(one);
  };
  const use = (key: string, one: Kept, holds: CallHolds) => {
    clearTimeout(one.expiry);
    one.users++;
    holds.pins.add(() => {
      if (--one.users === 0) one.expiry = setTimeout(() => void drop(key, one), keepMs).unref();
    });
    return one.table;
  };
  const letGo = async () => {
    const idle = [...kept].filter(([, { users }]) => users === 0);
    await Promise.all(idle.map(([key, one]) => drop(key, one)));
  };
  const usedBytes = () => [...kept.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    letGo,
    async open(dataset, holds, scope, hydrate) {
      const { files, sizeBytes } = dataset;
      const isLocal = files.some(({ object }) => object.location.kind === "local");
      if (files.length < minFiles || isLocal || sizeBytes > maxBytes) return hydrate(holds);
      const key = JSON.stringify([...sharersOf(scope), dataset.version]);
      const before = kept.get(key);
      if (before) {
        holds.budget.spend(before.scannedBytes);
        return use(key, before, holds);
      }
      const opened = await openApart(holds, hydrate);
      const hasRoom = () => usedBytes() + sizeBytes <= maxBytes;
      const isFit = isWhole(opened.table);
      if (isFit && !hasRoom()) await letGo();
      if (!isFit || kept.has(key) || !hasRoom()) {
        holds.pins.add(opened.pins.releaseAll);
        return opened.table;
      }
      const link = async () => engine.hold(opened.table.scan, await newLinksFolder());
      const one: Kept = { ...opened, sizeBytes, users: 0, unlink: link() };
      kept.set(key, one);
      const table = use(key, one, holds);
      // Without links every statement makes its own, or says why it cannot.
      await one.unlink.catch(() => {});
      return table;
    },
  };
}

/** Links that cannot be removed are in nobody's way; the pins go all the same. */
async function giveBack({ unlink, pins }: Kept): Promise<void> {
  await unlink.then((remove) => remove()).catch(() => {});
  await pins.releaseAll();
}

/** With pins of its own, and with what it counts. */
async function openApart(holds: CallHolds, hydrate: (holds: CallHolds) => Promise<HydratedTable>) {
  const pins = createPins();
  let scannedBytes = 0;
  const budget: ScanBudget = {
    ...holds.budget,
    spend(bytes: number) {
      scannedBytes += bytes;
      holds.budget.spend(bytes);
    },
  };
  try {
    return { table: await hydrate({ ...holds, pins, budget }), scannedBytes, pins };
  } catch (thrown) {
    await pins.releaseAll();
    throw thrown;
  }
}

function isWhole({ scan }: HydratedTable): boolean {
  return scan.format === "parquet" && scan.files.every(({ hydrate, deleted }) => !hydrate && !deleted);
}
