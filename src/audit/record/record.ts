import { hash as hashOf } from "node:crypto";
import { escapeCharacters } from "../../core/escape.ts";
import { jsonIn } from "../../core/json-in.ts";
import { isRecord } from "../../core/record.ts";
import { canonicalJson } from "./canonical-json.ts";

/**
 * What a record is of: a call before it acts and after, or the journal itself. `torn`: a line that a crash cut off was
 * set aside. `gap`: the journal could not be written for a while. `expired`: old records are about to be deleted.
 * `unauthenticated`: somebody could not prove who it is, or was turned away before. `refused`: how many calls of one caller were refused without
 * records of their own.
 */
export type RecordKind =
  | "opened"
  | "intent"
  | "outcome"
  | "closed"
  | "torn"
  | "gap"
  | "expired"
  | "unauthenticated"
  | "refused";

/** What a record says, before it has its place in a chain. */
export interface RecordFields {
  kind: RecordKind;
  /** UTC, ISO 8601 with milliseconds. */
  time: string;
  [field: string]: unknown;
}

/** The end of a chain: number and hash of its last record. A chain without any has sequence 0. */
export interface Head {
  sequence: number;
  /** SHA-256 in hex. */
  hash: string;
}

/** What the first record of a chain names as the hash before it. */
export const genesis: Head = Object.freeze({ sequence: 0, hash: "0".repeat(64) });

/** A record in its chain, and the line it is kept as, without its line break. */
export interface SealedRecord extends Head {
  line: string;
}

/**
 * Seals a record: a line of canonical JSON (RFC 8785, with everything beyond ASCII escaped) whose last member, `hash`,
 * is the SHA-256 of the line without it.
 */
export function sealRecord(chain: string, fields: RecordFields, previous: Head): SealedRecord {
  const sequence = previous.sequence + 1;
  const whole = { ...fields, format: 1, chain, sequence, previousHash: previous.hash };
  const body = escapeCharacters(canonicalJson(whole), /[\u007f-\uffff]/g);
  const hash = sha256(body);
  return { sequence, hash, line: `${body.slice(0, -1)},"hash":"${hash}"}` };
}

/** A record as read from its line. */
export interface ReadRecord extends RecordFields, Head {
  chain: string;
  previousHash: string;
}

const tail = /,"hash":"([0-9a-f]{64})"\}$/;

/** The record of a line whose hash fits it; `undefined` for anything else, damaged or forged. */
export function openLine(line: string): ReadRecord | undefined {
  const found = tail.exec(line.slice(-tailChars));
  if (!found || sha256(`${line.slice(0, -tailChars)}}`) !== found[1]) return undefined;
  return readLine(line);
}

/** The record of a line, whether its hash fits or not; `undefined` where it is none at all. */
export function readLine(line: string): ReadRecord | undefined {
  const value = jsonIn(line);
  if (!isRecord(value)) return undefined;
  const { chain, sequence, hash, previousHash, kind, time } = value;
  const texts = [chain, hash, previousHash, kind, time].every((field) => typeof field === "string");
  return texts && Number.isSafeInteger(sequence) ? (value as ReadRecord) : undefined;
}

const tailChars = '"hash":"'.length + 64 + ',"}'.length;

function sha256(text: string): string {
  return hashOf("sha256", text);
}
