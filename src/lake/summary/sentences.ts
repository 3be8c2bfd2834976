/** A sentence and where it stands. */
export interface Sentence {
  text: string;
  /** Words in lower case, as often as they come; pairs of signs for scripts without spaces. */
  words: string[];
  /** Whether a paragraph begins with it. */
  opensParagraph: boolean;
}

/** What is longer is a table, a dump or a line of data, and is cut. */
const maxSentenceLength = 600;
/** A line at least this long was likely wrapped by its writer's program. */
const wrappedLength = 45;

/** Splits text of any language into sentences, by Unicode's rules (UAX #29). Hard-wrapped lines are joined first. */
export function splitSentences(text: string): Sentence[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "sentence" });
  const sentences: Sentence[] = [];
  for (const paragraph of text.split(/\r?\n\s*\n|\u2029/)) {
    let opensParagraph = true;
    for (const block of unwrap(paragraph)) {
      for (const { segment } of segmenter.segment(block)) {
        const sentence = segment.replace(/\s+/g, " ").trim();
        if (!/[\p{L}\p{N}]/u.test(sentence)) continue;
        sentences.push({
          text: shorten(sentence, maxSentenceLength),
          words: wordsOf(sentence),
          opensParagraph,
        });
        opensParagraph = false;
      }
    }
  }
  return sentences;
}

/** Lines joined where one goes on in the next: long, without an end, and the next is no item of a list. */
function unwrap(paragraph: string): string[] {
  const blocks: string[] = [];
  let goesOn = false;
  for (const line of paragraph.split(/\r?\n|\r/)) {
    const text = line.trim();
    if (text === "") continue;
    const isItem = /^([-*•>#|]|\d+[.)]\s|[\w-]{1,20}:\s)/.test(text);
    if (goesOn && !isItem) blocks[blocks.length - 1] += ` ${text}`;
    else blocks.push(text);
    goesOn = text.length >= wrappedLength && !/[.!?。！？…:;|]["'»”)]?$/.test(text);
  }
  return blocks;
}

const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Words of scripts with spaces; pairs of neighbouring signs of scripts without. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [match] of text.toLowerCase().matchAll(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’_-]*/gu)) {
    if (!spaceless.test(match)) {
      words.push(match);
      continue;
    }
    const signs = [...match];
    for (let index = 0; index + 1 < signs.length; index += 1)
      words.push(`${signs[index]}${signs[index + 1]}`);
    if (signs.length === 1) words.push(match);
  }
  return words;
}

/** At most `maxLength` characters, cut between words where there are any, and `…` in place of the rest. */
export function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const cut = text.slice(0, Math.max(0, maxLength - 1)).replace(/[\ud800-\udbff]$/, "");
  const space = cut.lastIndexOf(" ");
  return `${space > maxLength / 2 ? cut.slice(0, space) : cut}…`;
}
