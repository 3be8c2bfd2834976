import type { Steps } from "./in-turns.ts";

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
/** Finding sentences takes time with the square of the length: pieces keep the sum in proportion. */
const maxPieceLength = 2_048;
/** The same sentences come again and again in logs: so many are read once. */
const maxKnown = 1_000;
/** A line at least this long was likely wrapped by its writer's program. */
const wrappedLength = 45;

/**
 * Splits text of any language into sentences, by Unicode's rules (UAX #29). Hard-wrapped lines are joined first.
 * Sentences of more than 2,048 UTF-16 units become several.
 */
export function* splitSentences(text: string): Steps<Sentence[]> {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "sentence" });
  const sentences: Sentence[] = [];
  const known = new Map<string, ReadSentence>();
  for (const { text: block, opensParagraph } of yield* blocksOf(text)) {
    let isFirst = true;
    for (const segment of segmentsOf(block, segmenter)) {
      yield;
      const read = known.get(segment) ?? readSentence(segment);
      if (known.size < maxKnown) known.set(segment, read);
      if (read.words.length === 0) continue;
      sentences.push({ ...read, opensParagraph: opensParagraph && isFirst });
      isFirst = false;
    }
  }
  return sentences;
}

type ReadSentence = Omit<Sentence, "opensParagraph">;

function readSentence(segment: string): ReadSentence {
  const sentence = segment.replace(/\s+/g, " ").trim();
  return { text: shorten(sentence, maxSentenceLength), words: wordsOf(sentence) };
}

interface Block {
  text: string;
  opensParagraph: boolean;
}

/** Lines joined where one goes on in the next: long, without an end, and the next is no item of a list. */
function* blocksOf(text: string): Steps<Block[]> {
  const blocks: Block[] = [];
  let goesOn = false;
  let opensParagraph = true;
  for (const [whole] of text.matchAll(/[^\r\n\u2029]*(?:\r\n|[\r\n\u2029]|$)/g)) {
    yield;
    const line = whole.trim();
    const last = blocks.at(-1);
    if (line === "") {
      goesOn = false;
      opensParagraph = true;
    } else {
      const isItem = /^([-*•>#|]|\d+[.)]\s|[\w-]{1,20}:\s)/.test(line);
      if (goesOn && last && !isItem) last.text += ` ${line}`;
      else blocks.push({ text: line, opensParagraph });
      goesOn = line.length >= wrappedLength && !/[.!?。！？…:;|]["'»”)]?$/.test(line);
      opensParagraph = whole.endsWith("\u2029");
      if (opensParagraph) goesOn = false;
    }
  }
  return blocks;
}

/** Without one of these a text is one sentence. */
const endOfSentence = /[\p{Sentence_Terminal}\u2024\u2028\u0085]/u;

/** The sentences of one piece after the other. The last of a piece may go on: the next piece begins with it. */
function* segmentsOf(block: string, segmenter: Intl.Segmenter): Generator<string> {
  let from = 0;
  while (from < block.length) {
    const to = cutOf(block, from);
    const piece = block.slice(from, to);
    if (!endOfSentence.test(piece)) {
      yield piece;
      from = to;
      continue;
    }
    let start = from;
    for (const { segment, index } of segmenter.segment(piece)) {
      const goesOn = index > 0 && index + segment.length === to - from && to < block.length;
      if (goesOn) break;
      yield segment;
      start = from + index + segment.length;
    }
    from = start;
  }
}

/** Where the piece that begins at `from` ends: behind a blank where its second half has one, in no pair. */
function cutOf(block: string, from: number): number {
  const to = from + maxPieceLength;
  if (to >= block.length) return block.length;
  const blank = block.lastIndexOf(" ", to - 1);
  if (blank > from + maxPieceLength / 2) return blank + 1;
  return (block.codePointAt(to - 1) ?? 0) > 0xffff ? to - 1 : to;
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
