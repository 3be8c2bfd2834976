/** Looks at once, and again so long after the end of each look, until what it answers with is called. `look` must not reject. */
export function lookAgain(look: () => Promise<void>, everyMs: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const again = () => {
    if (!isStopped) timer = setTimeout(() => void look().finally(again), everyMs).unref();
  };
  void look().finally(again);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
