import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** All that comes back on one connection until it is quiet for a moment, or closed. */
export async function answersOn(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let answered = "";
  let changedMs = performance.now();
  let isClosed = false;
  socket.on("data", (chunk) => {
    answered += chunk.toString("latin1");
    changedMs = performance.now();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    isClosed = true;
  });
  socket.write(Buffer.from(text, "latin1"));
  while (!isClosed && (answered === "" || performance.now() - changedMs < 250)) await sleep(20);
  socket.destroy();
  return answered;
}

export const statusesIn = (answered: string) =>
  [...answered.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
/** Of answers to `echo_whoami`. */
export const calledAs = (answered: string) =>
  [...answered.matchAll(/"structuredContent":\{"id":"([^"]*)"/g)].map(([, id]) => id);
