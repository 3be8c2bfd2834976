/** What a field looks like, for telling headers and separators only: nothing is read as this type because of it. */
export type Look = "empty" | "number" | "date" | "boolean" | "text";

const number = /^[-+]?[$€£]?(\d{1,3}([.,' ]\d{3})+|\d+)?([.,]\d+)?([eE][-+]?\d+)?\s?[%€]?$/;
const date = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d{1,2}:\d{2}.*)?$|^\d{1,2}:\d{2}(:\d{2}.*)?$/;
const boolean = /^(true|false|yes|no)$/i;

export function lookOf(value: string): Look {
  const text = value.trim();
  if (text === "") return "empty";
  if (text.length > 40) return "text";
  if (/\d/.test(text) && number.test(text)) return "number";
  if (date.test(text)) return "date";
  return boolean.test(text) ? "boolean" : "text";
}
