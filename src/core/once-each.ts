/** Answers for each object what `work` made of it the first time, for as long as the object lives. Such objects do not change. */
export function onceEach<K extends object, V>(work: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, { value: V }>();
  return (key) => {
    const known = made.get(key);
    if (known) return known.value;
    const value = work(key);
    made.set(key, { value });
    return value;
  };
}
