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

/**
 * Chooses the sentences that say most of a text, without a model: those with many of its frequent words, early
 * ones first, and each next one for what the ones before left unsaid (SumBasic, Nenkova and Vanderwende 2005). The
 * same text always gives the same summary. Takes time in proportion to the text: about 0.3 s for 1 MB.
 */
export function summarize(text: string, { maxSentences, maxChars }: SummaryBounds): Summary {
  const sentences = splitSentences(text);
  const weights = wordWeights(sentences);
  const keywords = [...weights.entries()]
    .sort(([left, leftWeight], [right, rightWeight]) => rightWeight - leftWeight || (left < right ? -1 : 1))
    .slice(0, maxKeywords)
    .map(([word]) => word);
  const chosen = choose(sentences, weights, maxSentences, maxChars ?? Number.POSITIVE_INFINITY);
  return {
    summary: join(chosen),
    sentences: chosen,
    keywords,
    wordCount: sentences.reduce((count, { words }) => count + words.length, 0),
  };
}

/** How much each word that is about something weighs: more for coming again, less and less for each time. */
function wordWeights(sentences: Sentence[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { words } of sentences) {
    for (const word of words) if (isTelling(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return new Map([...counts].map(([word, count]) => [word, Math.log1p(count)]));
}

function isTelling(word: string): boolean {
  if (stopWords.has(word) || /^[\p{N}_'’-]+$/u.test(word)) return false;
  return word.length > 2 || !/^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(word);
}

function choose(
  sentences: Sentence[],
  weights: Map<string, number>,
  maxSentences: number,
  maxChars: number,
): string[] {
  const left = new Map(weights);
  const candidates = rank(sentences, weights);
  const chosen: Candidate[] = [];
  let room = maxChars;
  while (chosen.length < maxSentences) {
    const best = bestOf(candidates, left, chosen.length === 0 ? Number.POSITIVE_INFINITY : room - 1);
    if (!best) break;
    best.isChosen = true;
    chosen.push(best);
    room -= best.sentence.text.length + 1;
    // What has been said counts for little when it is said again.
    for (const word of best.telling) left.set(word, (left.get(word) ?? 0) / 4);
  }
  const texts = chosen.sort((one, other) => one.index - other.index).map(({ sentence }) => sentence.text);
  return texts.map((text) => shorten(text, maxChars));
}

interface Candidate {
  index: number;
  sentence: Sentence;
  telling: string[];
  factor: number;
  /** Its score when nothing has been said yet: it only falls from there. */
  firstScore: number;
  isChosen: boolean;
}

/** The different sentences, the best first, the earlier one of equals. */
function rank(sentences: Sentence[], weights: Map<string, number>): Candidate[] {
  const known = new Set<string>();
  const candidates: Candidate[] = [];
  sentences.forEach((sentence, index) => {
    if (known.has(sentence.text)) return;
    known.add(sentence.text);
    const telling = [...new Set(sentence.words.filter((word) => weights.has(word)))];
    const factor = placeFactor(sentence, index) * lengthFactor(sentence.words.length);
    candidates.push({
      index,
      sentence,
      telling,
      factor,
      firstScore: score(telling, factor, weights),
      isChosen: false,
    });
  });
  return candidates.sort((one, other) => other.firstScore - one.firstScore || one.index - other.index);
}

function score(telling: string[], factor: number, weights: Map<string, number>): number {
  const sum = telling.reduce((total, word) => total + (weights.get(word) ?? 0), 0);
  // Long sentences hold more words and say not that much more.
  return (factor * sum) / (3 + telling.length) ** 0.4;
}

/** The best of the candidates that fits. Looks no further than where no later one can be better. */
function bestOf(
  candidates: Candidate[],
  weights: Map<string, number>,
  maxLength: number,
): Candidate | undefined {
  let best: Candidate | undefined;
  let bestScore = -1;
  for (const candidate of candidates) {
    if (candidate.firstScore <= bestScore) break;
    if (candidate.isChosen || candidate.sentence.text.length > maxLength) continue;
    const now = score(candidate.telling, candidate.factor, weights);
    if (now > bestScore) {
      best = candidate;
      bestScore = now;
    }
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
