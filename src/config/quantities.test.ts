import { describe, expect, test } from "vitest";
import { formatDurationMs, formatSizeBytes, parseDurationMs, parseSizeBytes } from "./quantities.ts";

describe("sizes and durations", () => {
  test.each([
    ["1024", 1024],
    ["0", 0],
    ["256KB", 262_144],
    ["256 kb", 262_144],
    ["2GiB", 2_147_483_648],
    ["1.5MB", 1_572_864],
    ["7B", 7],
    ["1TB", 1_099_511_627_776],
  ])("%s is a size of %i bytes", (text, sizeBytes) => {
    expect(parseSizeBytes(text)).toBe(sizeBytes);
  });

  test.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["1.5m", 90_000],
    ["2H", 7_200_000],
    ["500", 500],
  ])("%s is a duration of %i ms", (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  test.each(["", "-1", "2XB", "KB", "1e9", "0.3B", "99999999999999999", "1.5.2MB", "NaN", "99999999TB"])(
    "%s is refused as a size",
    (text) => {
      expect(() => parseSizeBytes(text)).toThrow(JSON.stringify(text));
    },
  );

  test.each([0, 1, 1023, 1024, 1536, 262_144, 5 * 1024 ** 3])(
    "%i bytes come back as they were written",
    (sizeBytes) => {
      expect(parseSizeBytes(formatSizeBytes(sizeBytes))).toBe(sizeBytes);
    },
  );

  test.each([0, 1, 999, 30_000, 90_000, 7_200_000])("%i ms come back as they were written", (durationMs) => {
    expect(parseDurationMs(formatDurationMs(durationMs))).toBe(durationMs);
  });
});
