/** Whether a name somewhere in a value is `__proto__`, which is no name to schemas: they would leave out what it names without a word. */
export function namesPrototype(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(namesPrototype);
}
