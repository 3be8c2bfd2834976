import type { Exchange } from "./exchange.ts";
import type { ResponseStream } from "./response-stream.ts";
import type { SessionServing } from "./serving.ts";

/**
 * While an exchange runs, looks for what came to another replica: the client's messages, its return, the end of the
 * session. Gives what stops the looking.
 */
export function readMail(
  { store, pollMs }: SessionServing,
  exchange: Exchange,
  stream: ResponseStream,
): () => void {
  if (!store.shared) return () => {};
  let sequence = 0;
  let isStopped = false;
  let timer = setTimeout(look, pollMs);
  async function look(): Promise<void> {
    try {
      const mail = await store.poll(exchange.sessionId, sequence);
      if (!mail && !isStopped) return await exchange.close();
      for (const one of mail ?? []) {
        sequence = one.sequence;
        if ("returnedTo" in one.letter) {
          if (one.letter.returnedTo === stream.id) stream.returned();
        } else if (exchange.awaits(one.letter.message)) exchange.deliver(one.letter.message, {});
      }
    } catch {
      // The store did not answer: the next look may find it.
    }
    if (!isStopped) timer = setTimeout(look, pollMs).unref();
  }
  timer.unref();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
