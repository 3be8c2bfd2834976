import { expect, test } from "vitest";
import { createGuard } from "./guard.ts";

const guard = createGuard({
  allowedHosts: ["Lake.Example.org"],
  allowedOrigins: ["https://app.example.org"],
});

test.each([
  ["localhost:8080", undefined],
  ["LOCALHOST", undefined],
  ["127.0.0.1:1", undefined],
  ["[::1]:8080", undefined],
  ["lake.example.org", undefined],
  ["lake.example.org:443", "https://app.example.org"],
  ["localhost", "http://localhost:6274"],
  ["localhost", "http://[::1]:3000"],
  ["localhost", "https://app.example.org:443"],
])("lets Host %s with Origin %s in", (host, origin) => {
  expect(guard({ host, origin })).toBeUndefined();
});

test.each([
  [undefined, undefined],
  ["", undefined],
  ["evil.example", undefined],
  ["127.0.0.1.evil.example", undefined],
  ["localhost:80:80", undefined],
  ["user@localhost", undefined],
  ["localhost/..", undefined],
  ["localhost,evil.example", undefined],
  ["2130706433", undefined],
  ["localhost", "https://app.example.org.evil.example"],
  ["localhost", "http://app.example.org"],
  ["localhost", "https://app.example.org:8443"],
  ["localhost", "null"],
  ["localhost", "chrome-extension://localhost"],
])("keeps Host %s with Origin %s out and says what to set", (host, origin) => {
  expect(guard({ host, origin })).toMatch(/malformed|http\.allowed(Hosts|Origins)/);
});
