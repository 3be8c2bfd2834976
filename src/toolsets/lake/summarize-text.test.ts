import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../../../test/harness/lake.ts";
import { parquetOf } from "../../../test/harness/parquet.ts";

const ticket = `The parcel with the tent never came. The customer waited twelve days for the parcel.
He is very sorry to bother us. The tracking page says the parcel is in Hamburg. The weather was fine.
We sent a new tent. The new parcel with the tent left Hamburg today.`;

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

describe("lake_summarize_text", () => {
  test("gives the text's own sentences, and says how", async () => {
    const uri = await lake.put("ticket.txt", ticket);
    const output = await lake.output("lake_summarize_text", { uri, maxSentences: 2 });
    expect(output).toMatchObject({ uri, method: "extractive", sizeBytes: Buffer.byteLength(ticket) });
    expect(output.notes).toEqual([
      "Extractive summary: sentences of the text itself, chosen without a model.",
    ]);
    expect(output.untrusted).toContain("summary");
    expect(output.summary).toContain("parcel");
    for (const sentence of output.summary.split(/(?<=\.)\s/))
      expect(ticket.replace(/\n/g, " ")).toContain(sentence);
  });

  test("reads through gzip and UTF-16", async () => {
    const plain = await lake.output("lake_summarize_text", { uri: await lake.put("a.txt", ticket) });
    const zipped = await lake.output("lake_summarize_text", {
      uri: await lake.put("a.txt.gz", gzipSync(ticket)),
    });
    const wide = await lake.output("lake_summarize_text", {
      uri: await lake.put("wide.txt", Buffer.from(`\ufeff${ticket}`, "utf16le")),
    });
    expect([zipped.summary, wide.summary]).toEqual([plain.summary, plain.summary]);
  });

  test("of a text past the bound says what was read", async () => {
    const small = await startTestLake({ settings: { summarize: { maxInputBytes: 100 } } });
    try {
      const uri = await small.put("long.txt", `${"é".repeat(30)}. ${ticket}`);
      const { notes } = await small.output("lake_summarize_text", { uri });
      expect(notes[1]).toMatch(/^Only the first (99|100) bytes/);
    } finally {
      await small.stop();
    }
  });

  test("takes a bare key of the only bucket, as older servers did", async () => {
    await lake.put("notes/a.txt", ticket);
    const output = await lake.output("summarize", { file_key: "notes/a.txt", max_sentences: 1 });
    expect(output.uri).toBe("s3://lake/notes/a.txt");
    expect(await lake.fault("summarize", {})).toMatchObject({ code: "invalid_input" });
  });

  test("refuses what is no text", async () => {
    const uri = await lake.put("a.parquet", await parquetOf("SELECT 1 AS a"));
    expect(await lake.fault("lake_summarize_text", { uri })).toMatchObject({ code: "unsupported" });
    expect(await lake.fault("lake_summarize_text", { uri: "s3://lake/none.txt" })).toMatchObject({
      code: "not_found",
    });
    expect(await lake.fault("lake_summarize_text", { uri: "/etc/passwd" })).toMatchObject({ code: "denied" });
  });

  test("of a folder says that it is one, and names an object in it", async () => {
    await lake.put("tickets/one.txt", ticket);
    expect(await lake.fault("lake_summarize_text", { uri: "s3://lake/tickets/" })).toEqual({
      code: "invalid_input",
      message:
        '"s3://lake/tickets/" is a folder: name one object in it, such as "s3://lake/tickets/one.txt". lake_list_objects lists them.',
    });
    expect(await lake.fault("lake_summarize_text", { uri: "s3://lake/nothing/" })).toMatchObject({
      code: "not_found",
    });
  });
});
