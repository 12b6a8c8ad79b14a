import { addressOf, pathOf, shownUrl, unsafeRemarks, withoutSecrets } from "./server-address.js";

test("an address shows origin and path, and sends the rest", () => {
  const address = addressOf("https://me:p%40ss-word@host:8443/at/v1/?token=abcdefgh#x", { apiKey: "unused" });
  expect(address.url).toBe("https://host:8443/at");
  expect(shownUrl(address)).toBe(address.url);
  expect(address.headers).toEqual({ authorization: `Basic ${Buffer.from("me:p@ss-word").toString("base64")}` });
  expect(pathOf(address, "/server_info?config_format=json")).toBe("/at/server_info?config_format=json&token=abcdefgh");
  expect(withoutSecrets("got p@ss-word and abcdefgh", address)).toBe("got [redacted] and [redacted]");
});

test("a URL that is none is named without its password", () => {
  expect(() => addressOf("http://me:hush@ho st/?key=hush")).toThrow(
    /base URL is "http:\/\/...@ho st\/\?\.\.\.", expected/,
  );
});

test("keys over plain HTTP are remarked upon, unless they stay on this machine", () => {
  const key = { apiKey: "k" };
  expect(unsafeRemarks(addressOf("http://10.0.0.1", key))).toEqual([expect.stringMatching(/unencrypted/)]);
  expect([...unsafeRemarks(addressOf("http://127.0.0.1:1", key)), ...unsafeRemarks(addressOf("http://h"))]).toEqual([]);
});
