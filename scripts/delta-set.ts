import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deltaSet } from "../test/harness/delta-set.ts";
import { DeltaWriter, versionName } from "../test/harness/delta-table.ts";

/** Writes the committed set of Delta tables anew. */
const folder = join(import.meta.dirname, "../test/fixtures/delta");

await rm(folder, { recursive: true, force: true });
for (const { name, write, gone = [] } of deltaSet) {
  const table = new DeltaWriter(name, async (path, body) => {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, body);
    return target;
  });
  await write(table);
  for (const version of gone) await rm(join(folder, name, "_delta_log", `${versionName(version)}.json`));
}
