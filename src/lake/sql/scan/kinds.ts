/** What one field's text looks like. Bits, so that a column can hold the union of what was seen. */
export const kinds = {
  integer: 1,
  fraction: 2,
  boolean: 4,
  date: 8,
  timestamp: 16,
  zonedTimestamp: 32,
  text: 64,
} as const;
