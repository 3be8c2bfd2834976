/** Characters of JSON Schema and English that make one token of o200k, as measured on Sluice's own tools. */
const charsPerToken = 4.2;

/** About how many tokens of a model's context a text takes. */
export function estimateTokens(text: string): number {
  return Math.round(text.length / charsPerToken);
}
