import { describe, expect, test } from "vitest";
import { summarize } from "./extractive.ts";

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
  test("picks sentences that say what a ticket is about, in their order", () => {
    const { summary, sentences, keywords, wordCount } = summarize(ticket, { maxSentences: 3 });
    expect(sentences).toEqual([
      "the invoice I got yesterday names 120 EUR for the annual subscription, although we had agreed on 100 EUR in our contract of last May.",
      "This is the second invoice with a wrong amount this year.",
      "Please correct the invoice, and refund the difference of 20 EUR to our account.",
    ]);
    expect(summary).toBe(sentences.join(" "));
    expect(keywords.slice(0, 2)).toEqual(["invoice", "ada"]);
    expect(wordCount).toBe(86);
  });

  test("takes only sentences of the text, and no more than asked for", () => {
    const flat = ticket.replace(/\s+/g, " ");
    for (const maxSentences of [1, 3, 5, 50]) {
      const { sentences } = summarize(ticket, { maxSentences });
      expect(sentences.length).toBeLessThanOrEqual(maxSentences);
      for (const sentence of sentences) expect(flat).toContain(sentence);
    }
  });

  test("says a thing once", () => {
    const text =
      "The database was down for an hour today. ".repeat(5) +
      "A disk of the backup server had failed before.";
    expect(summarize(text, { maxSentences: 2 }).sentences).toEqual([
      "The database was down for an hour today.",
      "A disk of the backup server had failed before.",
    ]);
  });

  test("keeps to a number of characters", () => {
    for (const maxChars of [20, 100, 200, 400]) {
      const { summary } = summarize(ticket, { maxSentences: 10, maxChars });
      expect(summary.length).toBeLessThanOrEqual(maxChars);
      expect(summary.length).toBeGreaterThan(maxChars / 4);
    }
    expect(summarize(ticket, { maxSentences: 1, maxChars: 20 }).summary).toMatch(/…$/);
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
  ])("handles %s", (_, text, subject) => {
    const { summary, wordCount } = summarize(text, { maxSentences: 1 });
    expect(summary).toContain(subject);
    expect(wordCount).toBeGreaterThan(5);
  });

  test.each(["", "   \n", "...!?", "\u0000\u0001", "--- ***"])("has nothing to say of %j", (text) => {
    expect(summarize(text, { maxSentences: 3 })).toEqual({
      summary: "",
      sentences: [],
      keywords: [],
      wordCount: 0,
    });
  });

  test("is the same each time", () => {
    expect(summarize(ticket, { maxSentences: 4 })).toEqual(summarize(ticket, { maxSentences: 4 }));
  });

  test("takes names such as constructor for words", () => {
    expect(
      summarize("The constructor of __proto__ calls toString here.", { maxSentences: 1 }).keywords,
    ).toContain("constructor");
  });

  const line = "The quick server answers request number 42 of the lazy client within a second or so. ";
  test.each([
    ["prose", line.repeat(12_000)],
    ["one word", "a".repeat(1e6)],
    ["one endless line", "word ".repeat(200_000)],
    ["tiny sentences", "Hi. ".repeat(250_000)],
    ["blank lines", "\n \n".repeat(333_000)],
    ["long lines without an end", `${"word ".repeat(20)}\n`.repeat(10_000)],
    ["spaces", " ".repeat(1e6)],
    [
      "different words",
      Array.from({ length: 120_000 }, (_, index) => `w${index.toString(36)}${index % 9 ? "" : "."}`).join(
        " ",
      ),
    ],
    ["dots", ".".repeat(1e6)],
    ["ideographs", "漢字".repeat(170_000)],
  ])("takes less than two seconds of CPU for 1 MB of %s", (_, text) => {
    const before = process.cpuUsage();
    summarize(text, { maxSentences: 50 });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
