import { z } from "zod";

const file = z.string().min(1).optional();

/** `http.tls`: HTTPS in place of HTTP, with both files set. */
export const tlsSettings = z
  .strictObject({
    certFile: file.describe(
      "PEM file of the server's certificate and chain; set, the server speaks HTTPS. Read anew, with the key, when it changes",
    ),
    keyFile: file.describe("PEM file of its private key"),
  })
  .prefault({});
