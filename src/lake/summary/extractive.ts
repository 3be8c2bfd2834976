import { inTurns, type Steps } from "./in-turns.ts";
import { type Sentence, shorten, splitSentences } from "./sentences.ts";
import { stopWords } from "./stop-words.ts";

export interface SummaryBounds {
  maxSentences: number;
  /** Characters of the summary; no bound of its own where left out. */
  maxChars?: number;
}

export interface Summary {
  /** The sentences one after the other. Empty for text without words. */
  summary: string;
  /** In the order of the text, as they stand there; over-long ones end in `…`. */
  sentences: string[];
  /** Words the text is about, the weightiest first. */
  keywords: string[];
  /** Scripts without spaces between words count pairs of neighbouring signs. */
  wordCount: number;
}

const maxKeywords = 8;
/** So many of the best sentences are weighed against each other. */
const maxCandidates = 2_000;

/**
 * Chooses the sentences that say most of a text, without a model: those with many of its frequent words, early
 * ones first, and each next one for what the ones before left unsaid (SumBasic, Nenkova and Vanderwende 2005). The
 * same text always gives the same summary. Takes time in proportion to the text, below a second of CPU for 1 MB, in
 * turns of a few milliseconds. Throws the signal's reason once it aborts.
 */
export function summarize(text: string, bounds: SummaryBounds, signal: AbortSignal): Promise<Summary> {
  return inTurns(summaryOf(text, bounds), signal);
}

function* summaryOf(text: string, { maxSentences, maxChars }: SummaryBounds): Steps<Summary> {
  const sentences = yield* splitSentences(text);
  const weights = yield* wordWeights(sentences);
  const keywords = yield* heaviest(weights);
  const candidates = yield* rank(sentences, weights);
  const chosen = yield* choose(candidates, weights, maxSentences, maxChars ?? Number.POSITIVE_INFINITY);
  return {
    summary: join(chosen),
    sentences: chosen,
    keywords,
    wordCount: sentences.reduce((count, { words }) => count + words.length, 0),
  };
}

/** How much each word that is about something weighs: more for coming again, less and less for each time. */
function* wordWeights(sentences: Sentence[]): Steps<Map<string, number>> {
  const weights = new Map<string, number>();
  for (const { words } of sentences) {
    for (const word of words) {
      const count = weights.get(word);
      if (count !== undefined) weights.set(word, count + 1);
      else if (isTelling(word)) weights.set(word, 1);
    }
    yield;
  }
  for (const [word, count] of weights) {
    weights.set(word, Math.log1p(count));
    yield;
  }
  return weights;
}

/** The words that weigh most, the first by code units of equals. */
function* heaviest(weights: Map<string, number>): Steps<string[]> {
  const best: [string, number][] = [];
  for (const [word, weight] of weights) {
    yield;
    const [lastWord, lastWeight] = best[maxKeywords - 1] ?? ["", -1];
    if (weight < lastWeight || (weight === lastWeight && word > lastWord)) continue;
    best.push([word, weight]);
    best.sort(([one, oneWeight], [other, weight]) => weight - oneWeight || (one < other ? -1 : 1));
    best.length = Math.min(best.length, maxKeywords);
  }
  return best.map(([word]) => word);
}

function isTelling(word: string): boolean {
  if (stopWords.has(word) || /^[\p{N}_'’-]+$/u.test(word)) return false;
  return word.length > 2 || !/^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(word);
}

function* choose(
  candidates: Candidate[],
  weights: Map<string, number>,
  maxSentences: number,
  maxChars: number,
): Steps<string[]> {
  /** What words weigh that have been said: little, when they are said again. */
  const said = new Map<string, number>();
  const weightOf = (word: string) => said.get(word) ?? weights.get(word) ?? 0;
  const chosen: Candidate[] = [];
  let room = maxChars;
  while (chosen.length < maxSentences) {
    const best = yield* bestOf(
      candidates,
      weightOf,
      chosen.length === 0 ? Number.POSITIVE_INFINITY : room - 1,
    );
    if (!best) break;
    best.isChosen = true;
    chosen.push(best);
    room -= best.sentence.text.length + 1;
    for (const word of best.telling) said.set(word, weightOf(word) / 4);
  }
  const texts = chosen.sort((one, other) => one.index - other.index).map(({ sentence }) => sentence.text);
  return texts.map((text) => shorten(text, maxChars));
}

interface Candidate {
  index: number;
  sentence: Sentence;
  telling: string[];
  factor: number;
  /** Its score when it was last looked at: it only falls from there. */
  score: number;
  isChosen: boolean;
}

/** The different sentences that score best, the best first, the earlier one of equals. */
function* rank(sentences: Sentence[], weights: Map<string, number>): Steps<Candidate[]> {
  const known = new Set<string>();
  let candidates: Candidate[] = [];
  let leastScore = -1;
  for (const [index, sentence] of sentences.entries()) {
    yield;
    if (known.has(sentence.text)) continue;
    known.add(sentence.text);
    const telling = [...new Set(sentence.words.filter((word) => weights.has(word)))];
    const factor = placeFactor(sentence, index) * lengthFactor(sentence.words.length);
    const firstScore = scoreOf(telling, factor, (word) => weights.get(word) ?? 0);
    if (firstScore <= leastScore) continue;
    candidates.push({ index, sentence, telling, factor, score: firstScore, isChosen: false });
    if (candidates.length < maxCandidates * 2) continue;
    candidates = sorted(candidates).slice(0, maxCandidates);
    leastScore = candidates.at(-1)?.score ?? -1;
  }
  return sorted(candidates).slice(0, maxCandidates);
}

function sorted(candidates: Candidate[]): Candidate[] {
  return candidates.sort((one, other) => other.score - one.score || one.index - other.index);
}

function scoreOf(telling: string[], factor: number, weightOf: (word: string) => number): number {
  const sum = telling.reduce((total, word) => total + weightOf(word), 0);
  // Long sentences hold more words and say not that much more.
  return (factor * sum) / (3 + telling.length) ** 0.4;
}

/** The best of the candidates that fits. Looks again only at those that can still be the best. */
function* bestOf(
  candidates: Candidate[],
  weightOf: (word: string) => number,
  maxLength: number,
): Steps<Candidate | undefined> {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.isChosen || candidate.score <= (best?.score ?? -1)) continue;
    if (candidate.sentence.text.length > maxLength) continue;
    yield;
    candidate.score = scoreOf(candidate.telling, candidate.factor, weightOf);
    if (!best || candidate.score > best.score) best = candidate;
  }
  return best;
}

/** Texts say early what they are about. */
function placeFactor({ opensParagraph, text }: Sentence, index: number): number {
  const isField = /^[\w -]{1,20}:\s/.test(text);
  return (1 + 0.6 / (1 + index / 3)) * (opensParagraph ? 1.1 : 1) * (isField ? 0.7 : 1);
}

/** Greetings and headings are too short to say much, dumps too long to be read. */
function lengthFactor(words: number): number {
  if (words < 5) return 0.3;
  return words > 70 ? 0.5 : 1;
}

/** Scripts that end sentences with their own full stop put no space behind it. */
function join(sentences: string[]): string {
  return sentences.reduce(
    (text, next) => (text === "" ? next : `${text}${/[。！？]$/.test(text) ? "" : " "}${next}`),
    "",
  );
}
