import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { TakeBytes } from "../stores/body.ts";
import { createWriteGathered } from "./write-gathered.ts";

const bufferBytes = 8;

/** `text` in chunks of `chunkBytes`, then `fault`. */
async function* bodyOf(text: string, chunkBytes: number, fault?: Error): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += chunkBytes) yield Buffer.from(text.slice(at, at + chunkBytes));
  if (fault) throw fault;
}

/** Reads each piece only when it has taken a while, as a disk does. */
function slowDisk() {
  let text = "";
  return {
    text: () => text,
    write: async (bytes: Uint8Array) => {
      await sleep(Math.random() * 5);
      text += Buffer.from(bytes).toString();
    },
  };
}

test.each([1, 3, 8, 50])(
  "bodies in chunks of %i bytes are written as they are, many at a time",
  async (chunkBytes) => {
    const writeGathered = createWriteGathered(bufferBytes);
    const texts = Array.from({ length: 40 }, (_, at) => `body ${at} `.repeat(at % 7));
    for (let time = 0; time < 2; time++) {
      const disks = texts.map(() => slowDisk());
      await Promise.all(texts.map((text, at) => writeGathered(bodyOf(text, chunkBytes), disks[at]!.write)));
      expect(disks.map(({ text }) => text())).toEqual(texts);
    }
  },
);

test("what came before a body broke is written, and nothing of it with the next", async () => {
  const writeGathered = createWriteGathered(bufferBytes);
  const [broken, next] = [slowDisk(), slowDisk()];
  const fault = new Error("reset");
  await expect(writeGathered(bodyOf("0123456789", 3, fault), broken.write)).rejects.toBe(fault);
  await writeGathered(bodyOf("ab", 1), next.write);
  expect([broken.text(), next.text()]).toEqual(["0123456789", "ab"]);
});

test("what a disk refused is not written again, and not with the next", async () => {
  const writeGathered = createWriteGathered(bufferBytes);
  const full = new Error("ENOSPC");
  let writes = 0;
  const refuse = async () => {
    writes++;
    throw full;
  };
  await expect(writeGathered(bodyOf("0123456789", 10), refuse)).rejects.toBe(full);
  const next = slowDisk();
  await writeGathered(bodyOf("abc", 2), next.write);
  expect([writes, next.text()]).toEqual([1, "abc"]);
});

test("what a disk refused ends a body that goes on slowly", async () => {
  const writeGathered = createWriteGathered(bufferBytes);
  const full = new Error("ENOSPC");
  let given = 0;
  async function* dripping() {
    for (; given < 100; given++) {
      yield Buffer.from(given === 0 ? "01234567" : "8");
      await sleep(1);
    }
  }
  await expect(writeGathered(dripping(), () => Promise.reject(full))).rejects.toBe(full);
  expect(given).toBeLessThan(4);
});

test("a piece is written while the next is gathered, and one at a time", async () => {
  const writeGathered = createWriteGathered(bufferBytes);
  let [busy, most, text] = [0, 0, ""];
  const write = async (bytes: Uint8Array) => {
    most = Math.max(most, ++busy);
    const before = Buffer.from(bytes).toString();
    await sleep(2);
    // What is being written is not written over meanwhile.
    expect(Buffer.from(bytes).toString()).toBe(before);
    text += before;
    busy--;
  };
  const long = "abcdefghijklmnopqrstuvwxyz0123456789".repeat(5);
  const each = async (take: TakeBytes) => {
    for (let at = 0; at < long.length; at += 3) await take(Buffer.from(long.slice(at, at + 3)));
  };
  await writeGathered({ each, [Symbol.asyncIterator]: () => bodyOf(long, 3) }, write);
  expect([text, most, busy]).toEqual([long, 1, 0]);
});

test("chunks are freed once they are copied, but not what else lies in their memory", async () => {
  const chunkBytes = 5;
  const own = Array.from({ length: 6 }, (_, at) => new Uint8Array(chunkBytes).fill(97 + at));
  const shared = Buffer.from("0123456789");
  const chunks = [...own, new Uint8Array(shared.buffer, shared.byteOffset, chunkBytes)];
  const disk = slowDisk();
  await createWriteGathered(bufferBytes)(
    (async function* () {
      yield* chunks;
    })(),
    disk.write,
  );
  expect(disk.text()).toBe(
    `${["a", "b", "c", "d", "e", "f"].map((one) => one.repeat(chunkBytes)).join("")}01234`,
  );
  const canFree = "transfer" in ArrayBuffer.prototype;
  for (const { byteLength } of own) expect(byteLength).toBe(canFree ? 0 : chunkBytes);
  expect(shared.toString()).toBe("0123456789");
});
