/**
 * The spellings of one type's values, as an automaton over bytes. States are short texts, the first one `""`. It takes
 * no value that `FieldTypes` would find another type for; one that it does not take may still be of the type.
 */
export interface ValueShape {
  /** Same for shapes that are alike. */
  key: string;
  /** The state behind a character; undefined where no value goes on so. */
  next(state: string, char: string): string | undefined;
  /** Whether a value may end here. */
  isEnd(state: string): boolean;
}

/** Characters that any shape tells apart. */
export const shapeCharacters = "0123456789-+.: TZtrueTRUEfalsFALS";

/** All of so many digits are within 64 bits, but for those that begin with a nine. */
const digitsOf64Bits = 19;

/** Whole numbers without leading zeros. `-0` is none. */
export function integerShape(mostDigits: number): ValueShape {
  const is64Bits = mostDigits === digitsOf64Bits;
  return {
    key: `integer ${mostDigits}`,
    next(state, char) {
      if (state === "" && char === "-") return "-";
      const isFirst = state === "" || state === "-";
      if (!isDigit(char) || state === "0") return undefined;
      if (isFirst && char === "0") return state === "" ? "0" : undefined;
      const mark = isFirst ? (is64Bits && char === "9" ? "9" : "n") : state[0];
      const digits = isFirst ? 1 : Number(state.slice(1)) + 1;
      return digits > (mark === "9" ? mostDigits - 1 : mostDigits) ? undefined : `${mark}${digits}`;
    },
    isEnd: (state) => state !== "" && state !== "-",
  };
}

/** Decimals without exponent: digits before the point, behind it, and in all. */
export function fractionShape(mostInteger: number, mostScale: number, mostDigits: number): ValueShape {
  const point = (digits: number) => `p${Math.min(mostScale, mostDigits - digits)}`;
  return {
    key: `fraction ${mostInteger} ${mostScale} ${mostDigits}`,
    next(state, char) {
      const rest = Number(state.slice(1));
      if (char === "-") return state === "" ? "-" : undefined;
      if (state === "" || state === "-") {
        if (char === ".") return point(0);
        return isDigit(char) && mostInteger > 0 ? `${char === "0" ? "z" : "i"}1` : undefined;
      }
      if (state[0] === "p" || state[0] === "f") return isDigit(char) && rest > 0 ? `f${rest - 1}` : undefined;
      if (char === ".") return point(rest);
      return isDigit(char) && state[0] === "i" && rest < mostInteger ? `i${rest + 1}` : undefined;
    },
    isEnd: (state) => /^[zif]/.test(state),
  };
}

/** Numbers of any digits, with or without exponent: of which it is not known whether a double gives them back. */
export const longNumberShape: ValueShape = {
  key: "long number",
  next(state, char) {
    if (state.startsWith("e")) return exponentStep(state, char);
    if ((char === "e" || char === "E") && this.isEnd(state)) return "e";
    return digits.next(state, char);
  },
  isEnd: (state) => (state.startsWith("e") ? state.startsWith("exponent") : digits.isEnd(state)),
};

/** With sign, point and exponent of up to four digits still no longer than what is taken for a number. */
const digits = fractionShape(50, 50, 50);

function exponentStep(state: string, char: string): string | undefined {
  if (state === "e" && (char === "-" || char === "+")) return "e±";
  if (!isDigit(char)) return undefined;
  if (state === "e" || state === "e±") return "exponent";
  const count = Number(state.slice("exponent".length) || 1) + 1;
  return count <= 4 ? `exponent${count}` : undefined;
}

const booleans = ["true", "false", "True", "False", "TRUE", "FALSE"];

export const booleanShape: ValueShape = {
  key: "boolean",
  next: (state, char) =>
    booleans.map((word) => word.slice(0, state.length + 1)).find((start) => start === state + char),
  isEnd: (state) => booleans.includes(state),
};

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}
