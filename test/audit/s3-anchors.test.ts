import { afterEach, beforeEach, expect, test } from "vitest";
import { createS3Anchors } from "../../src/audit/anchors/s3-anchors.ts";
import { verifyJournal } from "../../src/audit/verify/verify-journal.ts";
import { type AuditPlace, auditedPath, createAuditPlace } from "../harness/audit.ts";
import { call } from "../harness/call-path.ts";
import { type LockedBucket, startLockedBucket } from "../harness/locked-bucket.ts";

let place: AuditPlace;
let bucket: LockedBucket;
beforeEach(async () => {
  [place, bucket] = await Promise.all([createAuditPlace(), startLockedBucket()]);
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) process.env[name] = "test";
});
afterEach(async () => {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) delete process.env[name];
  await bucket.stop();
  await place.remove();
});

const anchor = (lock?: "none") => bucket.anchor(lock);

async function record(lock?: "none") {
  const audit = place.audit({ settings: { anchor: anchor(lock) } });
  await call(auditedPath(audit), "test_write_word");
  await audit.close();
}

test("heads are locked for as long as their records are kept, and hold the journal to them", async () => {
  for (let run = 0; run < 3; run++) await record();
  const [key = "", { body, headers } = { body: "", headers: {} }] = [...bucket.objects].at(-1) ?? [];
  const { sequence, hash, chain, time } = JSON.parse(body);
  expect(key).toBe(`anchors/${chain}/${String(sequence).padStart(16, "0")}-${hash}`);
  expect(sequence).toBe(12);
  expect(headers["x-amz-object-lock-mode"]).toBe("COMPLIANCE");
  const until = Date.parse(String(headers["x-amz-object-lock-retain-until-date"]));
  expect(until / 1000).toBeCloseTo(Date.parse(time) / 1000 + 90 * 86_400, -1);

  const verify = () => verifyJournal({ dir: place.dir, store: createS3Anchors(anchor()), retentionDays: 90 });
  expect(await verify()).toMatchObject({ problems: [], chains: [{ anchoredThrough: 12 }] });
  const file = await place.file();
  await file.write(file.lines.slice(0, -1));
  expect((await verify()).problems).toMatchObject([
    { kind: "truncated", sequence: 12, file: `s3://locked/anchors/${chain}/` },
  ]);
});

test("without a lock none is asked for", async () => {
  await record("none");
  const [{ headers } = { headers: {} }] = [...bucket.objects.values()];
  expect(headers).not.toHaveProperty("x-amz-object-lock-mode");
});

test("a bucket that cannot be reached is told once, and stops no call", async () => {
  await bucket.stop();
  await record();
  expect(place.logged).toEqual(["audit anchor cannot be written"]);
  expect(await place.verify()).toMatchObject({ problems: [], chains: [{ records: 4 }] });
});

test("a bucket that hangs is told, and does not keep the process from ending", async () => {
  bucket.state.isHanging = true;
  const startedMs = performance.now();
  await record();
  expect(performance.now() - startedMs).toBeLessThan(6_000);
  expect(place.logged).toEqual(["audit anchor cannot be written"]);
  expect(await place.verify()).toMatchObject({ problems: [], chains: [{ records: 4 }] });
});
