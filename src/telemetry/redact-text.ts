/** What stands where a secret was. */
export const redacted = "[hidden]";

/** Words that names of secrets hold. Pages are gone through with tokens too, which are none. */
const secretWord =
  "(?:passw(?:or)?ds?|passphrase|pwd|secrets?|api[-_]?key|access[-_]?key|account[-_]?key|private[-_]?key|customer[-_]?key(?<=(?:encryption|sse)[-_]?customer[-_]?key)|(?<!continuation|next|page)token)";

const secretName =
  /authorization|cookie|credential|bearer|jwt$|requestState|connection[-_]?string|passw|passphrase|pwd$|secret|signature|api[-_]?key|private[-_]?key|access[-_]?key|account[-_]?key|(?:encryption|sse)[-_]?customer[-_]?key$|(?<!continuation|next|page)token$/i;

/** Whether a field of this name holds a secret, by the look of its name. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** JSON within JSON has backslashes before its quotes. */
const quote = `\\\\{0,3}["']`;
/** Between a name and its value; a URL within a URL has it escaped, some of them twice. */
const is = `(?:${quote})?\\s{0,20}(?:[=:]|%(?:25){0,2}3[AD])\\s{0,20}`;
const name = `\\b\\w{0,30}${secretWord}`;

/** Secrets by their own look or that of what stands before them. Each runs in linear time. */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  // With the secret key behind it, whatever that looks like.
  [
    /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?:([^\w/+]{1,20})[A-Za-z0-9/+]{40}(?![\w/+]))/g,
    `${redacted}$1${redacted}`,
  ],
  [/(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])/g, redacted],
  // Session tokens of STS.
  [/(?<![\w/+])(?:IQoJ|FwoG|FQoG)[\w/+]{100,}={0,2}/g, redacted],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${redacted}`],
  // To the end of the line: there are several cookies in one, and blanks in what authorizes.
  [
    new RegExp(`\\b((?:set-)?cookie(?:${quote})?\\s{0,20}:\\s{0,20}(?:${quote})?)[^\\r\\n"'\\\\]+`, "gi"),
    `$1${redacted}`,
  ],
  [
    new RegExp(
      `\\b(authorization(?:${quote})?\\s{0,20}:\\s{0,20}(?:${quote})?(?:(?:Bearer|Basic)\\s+)?)[^\\r\\n"'\\\\]+`,
      "gi",
    ),
    `$1${redacted}`,
  ],
  [
    new RegExp(
      `(X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)${is}(?:${quote})?)(?:(?!%(?:25){0,2}26)[^&\\s"'\\\\])+`,
      "gi",
    ),
    `$1${redacted}`,
  ],
  [/\b(Signature|Credential)=[\w/%.+=~-]{8,}/g, `$1=${redacted}`],
  [/([?&]sig=)[\w%+/=-]{8,}/g, `$1${redacted}`],
  [/(hooks\.slack\.com\/(?:services|workflows)\/)[\w/-]+/g, `$1${redacted}`],
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@"'\\:]{0,200}:[^\s"'\\]{1,200}@/gi, `$1${redacted}@`],
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@"'\\:?#]{16,200}@/gi, `$1${redacted}@`],
  [/(?<![\w-])eyJ[\w-]{10,}\.\.?[\w-]{10,}(?:\.[\w-]+){0,3}/g, redacted],
  [
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END )[\s\S])*(?:-----END [A-Z ]{0,30}-----)?/g,
    redacted,
  ],
  [
    /\b(?:gh[pousr]_|github_pat_|xox[abeprs]-|xapp-|sk-|glpat-|(?:sk|rk)_(?:live|test)_)[\w-]{16,}/g,
    redacted,
  ],
  [/\b(?:npm_|hf_|AIza|ABSK|dop_v1_)[A-Za-z0-9_-]{30,}={0,2}/g, redacted],
  // Of Databricks, whose tables have names too.
  [/\b(?:dapi|dose)(?=[\w-]{0,31}\d)[\w-]{16,}/g, redacted],
  [/\b(?:hvs\.[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|pypi-AgE[\w-]{20,})/g, redacted],
  [/\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}/g, redacted],
  // Quoted, a secret may hold blanks, and quotes where backslashes are before them.
  [new RegExp(`(${name}${is}(?<!\\\\)")(?:[^"\\\\]|\\\\.)+`, "gi"), `$1${redacted}`],
  [new RegExp(`(${name}${is}(?<!\\\\)')(?:[^'\\\\]|\\\\.)+`, "gi"), `$1${redacted}`],
  [new RegExp(`(${name}${is}\\\\{1,3}["'])[^"'\\\\]+`, "gi"), `$1${redacted}`],
  [new RegExp(`(${name}${is})(?:(?!%(?:25){0,2}26)[^\\s"'&,;\\\\])+`, "gi"), `$1${redacted}`],
  [new RegExp(`((?:${name}|\\bidentified\\s{1,20}by)\\s{1,20}')[^']+`, "gi"), `$1${redacted}`],
  [new RegExp(`((?:^|\\s)--[\\w-]{0,30}${secretWord}\\s{1,20})[^\\s-]\\S*`, "gi"), `$1${redacted}`],
  [new RegExp(`(<\\w{0,30}${secretWord}>)[^<]+`, "gi"), `$1${redacted}`],
];

/** A part of every text that one of `secretTexts` finds something in: most texts are looked through once, not for each. */
const mayHoldSecret =
  /AKIA|ASIA|IQoJ|FwoG|FQoG|X-Goog|[?&]sig=|hooks\.slack|xapp-|glpat-|[sr]k_(?:live|test)_|npm_|hf_|AIza|ABSK|dop_v1_|dose|hvs\.|SG\.|pypi-|\$2[aby]\$|bearer|basic|cookie|authorization|identified|token|X-Amz-|signature=|credential=|:\/\/|eyJ|PRIVATE KEY|gh[pousr]_|github_pat_|xox|sk-|dapi|passw|passphrase|pwd|secret|(?:api|access|account|private|customer)[-_]?key/i;

/** A text without what looks like a secret. */
export function redactText(text: string): string {
  const bare = text.replace(secretKeyForm, (found) => (isRandom(found) ? redacted : found));
  if (!mayHoldSecret.test(text)) return bare;
  return secretTexts.reduce((shown, [pattern, replacement]) => shown.replace(pattern, replacement), bare);
}

/** Secret access keys of AWS are 40 characters with nothing to know them by; SHA-1 in hex, paths and names can be as long. */
const secretKeyForm = /(?<![\w/+.=-])[A-Za-z0-9/+]{40}(?![\w/+.=-])/g;

/** Of a random key's words, such as `Ab`, `c`, `42` or `/`, there are some 20; of names and paths as long, some 12. */
const leastWords = 16;

function isRandom(text: string): boolean {
  if (![/[A-Z]/, /[a-z]/, /\d/].every((kind) => kind.test(text))) return false;
  return (text.match(/[A-Z]?[a-z]+|[A-Z]+|\d+|[/+]/g)?.length ?? 0) >= leastWords;
}
