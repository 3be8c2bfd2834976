import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { StoredObject } from "../stores/store.ts";
import { type DownloadOptions, downloadObject } from "./download.ts";
import type { FlightControls } from "./flights.ts";
import type { Pin } from "./pins.ts";
import type { Space } from "./space.ts";

/** Downloads an object into the cache. What fails leaves nothing behind. */
export async function fetchInto(
  space: Space,
  download: DownloadOptions,
  object: StoredObject,
  key: string,
  { signal, report }: FlightControls,
): Promise<Pin> {
  const total = object.sizeBytes;
  let done = 0;
  const claim = await space.claim(total);
  try {
    const file = await open(claim.dataPath, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      await downloadObject(download, object, file, signal, (count) => {
        done += count;
        report({ done, total, message: "downloading bytes" });
      });
      // A rename may reach the disk before what it names: without this, a power cut could leave an entry of zeros.
      await file.datasync();
    } finally {
      await file.close();
    }
    return await claim.publish(key);
  } catch (thrown) {
    await claim.drop();
    throw thrown;
  }
}
