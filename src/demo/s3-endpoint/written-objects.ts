import { createHash, randomUUID } from "node:crypto";
import { preconditionFailed } from "./conditions.ts";
import { noSuchUpload, S3Error } from "./s3-error.ts";

/** Headers that a writer gave with an object, and that are given back with it. */
export type ObjectHeaders = Readonly<Record<string, string>>;

/** An object that was written, in memory. */
export interface WrittenObject {
  key: string;
  bytes: Buffer;
  /** With its quotes. */
  etag: string;
  lastModified: Date;
  headers: ObjectHeaders;
}

/** A write that is to become an object. `isNew`: only where there is none (If-None-Match). */
export interface ObjectWrite {
  key: string;
  headers: ObjectHeaders;
  isNew: boolean;
}

interface Part {
  bytes: Buffer;
  md5: Buffer;
}

interface OpenUpload {
  key: string;
  headers: ObjectHeaders;
  parts: Map<number, Part>;
}

const maxObjects = 1_000;
const maxUploads = 100;
const leastPartBytes = 5 << 20;

/**
 * What was written to one bucket, in memory: the newest `maxBytes` of it, which what is being written counts towards. The
 * oldest objects make room. Throws `S3Error` as S3 does.
 */
export class WrittenObjects {
  private readonly maxBytes: number;
  /** In the order in which they were written. */
  private readonly objects = new Map<string, WrittenObject>();
  private readonly uploads = new Map<string, OpenUpload>();
  private heldBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  keys(): Iterable<string> {
    return this.objects.keys();
  }

  get(key: string): WrittenObject | undefined {
    return this.objects.get(key);
  }

  /** Throws `PreconditionFailed` where an object is in the way of a write that would have to be new. */
  checkNew({ key, isNew }: Pick<ObjectWrite, "key" | "isNew">): void {
    if (isNew && this.objects.has(key)) throw preconditionFailed("If-None-Match");
  }

  /** Room for bytes that are about to come, counted from now on. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes > this.maxBytes) {
      throw new S3Error(400, "EntityTooLarge", `No more than ${this.maxBytes} bytes are kept here.`);
    }
    for (const key of this.objects.keys()) {
      if (this.heldBytes + sizeBytes <= this.maxBytes) break;
      this.delete(key);
    }
    if (this.heldBytes + sizeBytes > this.maxBytes) throw slowDown();
    this.heldBytes += sizeBytes;
    return Buffer.allocUnsafe(sizeBytes);
  }

  giveBack({ length }: Buffer): void {
    this.heldBytes -= length;
  }

  /** `bytes` come of `take`, as those of parts do. Answers with the ETag. */
  put(write: ObjectWrite, bytes: Buffer): string {
    return this.add(write, bytes, md5Of(bytes).toString("hex"));
  }

  /** Answers with the upload's id. */
  begin(key: string, headers: ObjectHeaders): string {
    if (this.uploads.size >= maxUploads) throw slowDown();
    const id = randomUUID();
    this.uploads.set(id, { key, headers, parts: new Map() });
    return id;
  }

  /** Throws `NoSuchUpload` for one that was ended or is another key's. */
  checkUpload(key: string, id: string): void {
    this.upload(key, id);
  }

  /** The last of those with one number counts. Answers with the ETag. */
  putPart({ key, id, number }: { key: string; id: string; number: number }, bytes: Buffer): string {
    const { parts } = this.upload(key, id);
    const before = parts.get(number);
    if (before) this.giveBack(before.bytes);
    const md5 = md5Of(bytes);
    parts.set(number, { bytes, md5 });
    return `"${md5.toString("hex")}"`;
  }

  /** `named`: the parts the object is made of, by number and ETag without quotes. Answers with the object's ETag. */
  complete(
    { key, id, isNew }: { key: string; id: string; isNew: boolean },
    named: readonly { number: number; etag: string }[],
  ): string {
    const { headers, parts } = this.upload(key, id);
    if (named.some(({ number }, at) => number <= (named[at - 1]?.number ?? 0))) {
      throw new S3Error(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
    }
    const taken = named.map(({ number, etag }, at) => {
      const part = parts.get(number);
      if (part?.md5.toString("hex") !== etag) {
        throw new S3Error(400, "InvalidPart", "One or more of the specified parts could not be found.");
      }
      if (at < named.length - 1 && part.bytes.length < leastPartBytes) {
        throw new S3Error(400, "EntityTooSmall", "A part that is not the last has fewer than 5 MiB.");
      }
      return part;
    });
    const md5 = md5Of(Buffer.concat(taken.map((part) => part.md5)));
    const bytes = Buffer.concat(taken.map((part) => part.bytes));
    const etag = this.add({ key, headers, isNew }, bytes, `${md5.toString("hex")}-${taken.length}`);
    // The parts' bytes are the object's now.
    this.heldBytes += bytes.length;
    this.abort(key, id);
    return etag;
  }

  abort(key: string, id: string): void {
    for (const { bytes } of this.upload(key, id).parts.values()) this.giveBack(bytes);
    this.uploads.delete(id);
  }

  delete(key: string): void {
    const object = this.objects.get(key);
    if (object) this.giveBack(object.bytes);
    this.objects.delete(key);
  }

  private add({ key, headers, isNew }: ObjectWrite, bytes: Buffer, hash: string): string {
    this.checkNew({ key, isNew });
    const etag = `"${hash}"`;
    this.delete(key);
    const [oldest] = this.objects.keys();
    if (oldest !== undefined && this.objects.size >= maxObjects) this.delete(oldest);
    this.objects.set(key, { key, bytes, etag, lastModified: new Date(), headers });
    return etag;
  }

  private upload(key: string, id: string): OpenUpload {
    const upload = this.uploads.get(id);
    if (upload?.key === key) return upload;
    throw noSuchUpload(id);
  }
}

function md5Of(bytes: Buffer): Buffer {
  return createHash("md5").update(bytes).digest();
}

function slowDown(): S3Error {
  return new S3Error(503, "SlowDown", "Please reduce your request rate.");
}
