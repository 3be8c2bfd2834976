import { describe, expect, test } from "vitest";
import { type Summary, type SummaryBounds, summarize as summarizeUntil } from "./extractive.ts";

function summarize(text: string, bounds: SummaryBounds): Promise<Summary> {
  return summarizeUntil(text, bounds, new AbortController().signal);
}

const ticket = `From: Ada Byron <ada@example.com>
Subject: Invoice 4711, wrong amount

Dear team,

the invoice I got yesterday names 120 EUR for the annual subscription, although we had agreed on
100 EUR in our contract of last May. This is the second invoice with a wrong amount this year.
I like your product, and the weather here is fine.

Please correct the invoice, and refund the difference of 20 EUR to our account. Until the invoice is
corrected we will not pay it.

Best regards,
Ada
`;

describe("summarize", () => {
  test("picks sentences that say what a ticket is about, in their order", async () => {
    const { summary, sentences, keywords, wordCount } = await summarize(ticket, { maxSentences: 3 });
    expect(sentences).toEqual([
      "the invoice I got yesterday names 120 EUR for the annual subscription, although we had agreed on 100 EUR in our contract of last May.",
      "This is the second invoice with a wrong amount this year.",
      "Please correct the invoice, and refund the difference of 20 EUR to our account.",
    ]);
    expect(summary).toBe(sentences.join(" "));
    expect(keywords.slice(0, 2)).toEqual(["invoice", "ada"]);
    expect(wordCount).toBe(86);
  });

  test("takes only sentences of the text, and no more than asked for", async () => {
    const flat = ticket.replace(/\s+/g, " ");
    for (const maxSentences of [1, 3, 5, 50]) {
      const { sentences } = await summarize(ticket, { maxSentences });
      expect(sentences.length).toBeLessThanOrEqual(maxSentences);
      for (const sentence of sentences) expect(flat).toContain(sentence);
    }
  });

  test("says a thing once", async () => {
    const text =
      "The database was down for an hour today. ".repeat(5) +
      "A disk of the backup server had failed before.";
    expect((await summarize(text, { maxSentences: 2 })).sentences).toEqual([
      "The database was down for an hour today.",
      "A disk of the backup server had failed before.",
    ]);
  });

  test("keeps to a number of characters", async () => {
    for (const maxChars of [20, 100, 200, 400]) {
      const { summary } = await summarize(ticket, { maxSentences: 10, maxChars });
      expect(summary.length).toBeLessThanOrEqual(maxChars);
      expect(summary.length).toBeGreaterThan(maxChars / 4);
    }
    expect((await summarize(ticket, { maxSentences: 1, maxChars: 20 })).summary).toMatch(/…$/);
  });

  test.each([
    [
      "German",
      "Der Server ist ausgefallen. Der Server wurde neu gestartet, weil der Speicher voll war. Gestern regnete es.",
      "Server",
    ],
    ["Japanese", "サーバーが停止しました。サーバーの再起動が必要です。天気は良いです。", "サーバー"],
    [
      "Russian",
      "Сервер остановился ночью из-за ошибки диска. Сервер был перезапущен утром после замены диска. Погода хорошая.",
      "Сервер",
    ],
    [
      "Arabic",
      "توقف الخادم الليلة بسبب خطأ في القرص. تم تشغيل الخادم من جديد بعد تبديل القرص. الطقس جميل.",
      "الخادم",
    ],
    ["Thai", "เซิร์ฟเวอร์หยุดทำงาน เซิร์ฟเวอร์ต้องเริ่มใหม่", "เซิร์ฟเวอร์"],
  ])("handles %s", async (_, text, subject) => {
    const { summary, wordCount } = await summarize(text, { maxSentences: 1 });
    expect(summary).toContain(subject);
    expect(wordCount).toBeGreaterThan(5);
  });

  test.each(["", "   \n", "...!?", "\u0000\u0001", "--- ***"])("has nothing to say of %j", async (text) => {
    expect(await summarize(text, { maxSentences: 3 })).toEqual({
      summary: "",
      sentences: [],
      keywords: [],
      wordCount: 0,
    });
  });

  test("is the same each time", async () => {
    expect(await summarize(ticket, { maxSentences: 4 })).toEqual(
      await summarize(ticket, { maxSentences: 4 }),
    );
  });

  test("takes names such as constructor for words", async () => {
    const text = "The constructor of __proto__ calls toString here.";
    expect((await summarize(text, { maxSentences: 1 })).keywords).toContain("constructor");
  });

  test("keeps a long sentence whole where a piece ends in it", async () => {
    const sentence = "The server of the warehouse answered all requests of the night.";
    const { sentences } = await summarize(`${`${sentence} `.repeat(300)}The end came late.`, {
      maxSentences: 9,
    });
    expect(sentences).toEqual([sentence, "The end came late."]);
  });

  const line = "The quick server answers request number 42 of the lazy client within a second or so. ";
  const words = Array.from({ length: 120_000 }, (_, index) => `w${index.toString(36)}`);
  const texts: [string, string][] = [
    ["prose", line.repeat(12_000)],
    ["one word", "a".repeat(1e6)],
    ["one endless line", "word ".repeat(200_000)],
    ["tiny sentences", "Hi. ".repeat(250_000)],
    ["different tiny sentences", words.map((word) => `${word}. `).join("")],
    ["tiny lines", "a\n".repeat(500_000)],
    ["blank lines", "\n \n".repeat(333_000)],
    ["wrapped lines without an end", `${"word ".repeat(20)}\n`.repeat(10_000)],
    ["spaces", " ".repeat(1e6)],
    [
      "different words",
      words.map((word, index) => `${word.padEnd(7, "x")}${index % 60 ? "" : "."}`).join(" "),
    ],
    ["dots", ".".repeat(1e6)],
    ["abbreviations", "e.g. ".repeat(200_000)],
    ["ideographs", "漢字".repeat(170_000)],
  ];

  test.each(texts)(
    "takes time in proportion to a text of %s, and leaves turns to others",
    async (_, text) => {
      await cpuMsOf(text.slice(0, text.length / 4));
      const quarter = await cpuMsOf(text.slice(0, text.length / 4));
      const { cpuMs, longestTurnMs } = await measured(text);
      // The square of the length would make it 16 times as much.
      expect(cpuMs).toBeLessThan(8 * Math.max(quarter, 50));
      expect(longestTurnMs).toBeLessThan(200);
    },
  );

  test("stops when it is told to", async () => {
    const stop = new AbortController();
    const summary = summarizeUntil("Hi. ".repeat(250_000), { maxSentences: 5 }, stop.signal);
    setImmediate(() => stop.abort(new Error("enough")));
    const before = process.cpuUsage();
    await expect(summary).rejects.toThrow("enough");
    expect(cpuMsSince(before)).toBeLessThan(150);
  });
});

async function cpuMsOf(text: string): Promise<number> {
  return (await measured(text)).cpuMs;
}

/** CPU of a summary, and how long at most nothing else had a turn. */
async function measured(text: string): Promise<{ cpuMs: number; longestTurnMs: number }> {
  let longestTurnMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    longestTurnMs = Math.max(longestTurnMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 1);
  const before = process.cpuUsage();
  await summarize(text, { maxSentences: 50 });
  clearInterval(timer);
  longestTurnMs = Math.max(longestTurnMs, performance.now() - lastMs);
  return { cpuMs: cpuMsSince(before), longestTurnMs };
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
