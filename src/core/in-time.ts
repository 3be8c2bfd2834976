/** What `work` gives or throws, where it does so in time; after that what `late` makes is thrown, and `work` goes on for nobody. */
export function inTime<T>(work: T | PromiseLike<T>, timeoutMs: number, late: () => Error): Promise<T> {
  // One promise, and not the five of a race with `finally`: every call is recorded in time.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    Promise.resolve(work).then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (thrown: unknown) => {
        clearTimeout(timer);
        reject(thrown);
      },
    );
  });
}
