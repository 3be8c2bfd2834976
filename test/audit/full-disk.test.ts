import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { verifyJournal } from "../../src/audit/verify/verify-journal.ts";
import { auditedPath, createAuditPlace } from "../harness/audit.ts";
import { call } from "../harness/call-path.ts";
import { mountSmallDisk } from "../harness/small-disk.ts";

// A file system of 200 KB, where this machine lets one be mounted: elsewhere the faults in journal.test.ts stand for it.
const mounted = mountSmallDisk(200 * 1024);
const disk = mounted?.path ?? "";
afterAll(() => mounted?.unmount());

test.skipIf(mounted === undefined)(
  "on a full disk writes are refused and reads go on, until there is room again",
  async () => {
    const place = await createAuditPlace();
    const dir = join(disk, "journal");
    await writeFile(join(disk, "filler"), Buffer.alloc(100_000));
    const audit = place.audit({ settings: { journalDir: dir } });
    const acted: string[] = [];
    const path = auditedPath(audit, acted);
    const kinds: string[] = [];
    for (let index = 0; index < 100; index++)
      kinds.push((await call(path, "test_write_word", { word: "x".repeat(500) })).kind);
    const completed = kinds.filter((kind) => kind === "completed").length;
    expect(completed).toBeGreaterThan(5);
    expect(completed).toBeLessThan(100);
    expect(acted).toHaveLength(completed);
    expect(await call(path, "test_read_word")).toMatchObject({ kind: "completed" });

    await rm(join(disk, "filler"));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await call(path, "test_write_word")).toMatchObject({ kind: "completed" });
    await audit.close();
    const { problems, chains } = await verifyJournal({ dir, store: undefined, retentionDays: 90 });
    expect(problems).toEqual([]);
    // Two records of each that acted, one of each that was refused, one of the read, and of the journal itself three.
    expect(chains).toMatchObject([{ records: 2 * (completed + 1) + (100 - completed) + 1 + 3 }]);
    expect(place.logged).toEqual(["audit journal cannot be written", "audit journal can be written again"]);
    await place.remove();
  },
);
