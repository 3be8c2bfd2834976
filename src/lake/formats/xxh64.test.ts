import { expect, test } from "vitest";
import { Xxh64 } from "./xxh64.ts";

// The checksums the zstd program puts behind these texts.
test.each([
  ["", 0x51d8e999],
  ["a", 0xa98c6e5b],
  ["abc", 0xad770999],
  ["0123456789abcdef0123456789abcdef", 0x8e71e6c5],
  ["0123456789abcdef0123456789abcdef0123456789abcdefghijk", 0xf56fd993],
])("XXH64 of %j, in chunks of any size", (text, low) => {
  for (const size of [1, 3, 8, 31, 32, 33, 100]) {
    const hash = new Xxh64();
    for (let at = 0; at < text.length; at += size) hash.update(Buffer.from(text.slice(at, at + size)));
    expect(hash.digestLow32()).toBe(low);
  }
});
