import { expect, test } from "vitest";
import { keyedSha256 } from "./keyed-sha256.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// Source: FIPS 180-4 examples; RFC 4231, test case 2.
const ofAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const ofJefe = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

test("hashes texts, buffers and parts of them alike", async () => {
  const Sha256 = keyedSha256();
  const inMiddle = Buffer.from("-abc-").subarray(1, 4);
  const buffer = new Uint8Array([97, 98, 99]).buffer;
  for (const data of ["abc", inMiddle, buffer]) {
    const hash = new Sha256();
    hash.update(data);
    expect(hex(await hash.digest())).toBe(ofAbc);
  }
});

test("signs by a secret of any form, again and again", async () => {
  const Sha256 = keyedSha256();
  const secret = new Uint8Array(Buffer.from("Jefe"));
  for (const given of ["Jefe", secret, secret, secret.buffer]) {
    const hash = new Sha256(given);
    hash.update("what do ya want ");
    hash.update("for nothing?");
    expect(hex(await hash.digest())).toBe(ofJefe);
  }
});

test("begins anew with the same secret", async () => {
  const hash = new (keyedSha256())(Buffer.from("Jefe"));
  hash.update("something else");
  hash.reset();
  hash.update("what do ya want for nothing?");
  expect(hex(await hash.digest())).toBe(ofJefe);
});
