/**
 * One spelling for every spelling of the same decimal number: its significant digits and its power of ten,
 * such as `-125e-1` for `-12.50`. Numbers that are no finite decimals come back as they are.
 */
export function canonicalNumber(text: string): string {
  const parts = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!parts) return text;
  const [, sign = "", integer = "", fraction = "", exponent = "0"] = parts;
  const digits = (integer + fraction).replace(/^0+/, "");
  const significant = digits.replace(/(?<!0)0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
