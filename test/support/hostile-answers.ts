/** What a hostile or failing server answers with. None of these ends by itself where a client would wait for its end. */
import { gzipSync } from "node:zlib";
import { goodStream, type Attack } from "./hostile-vllm.js";

/** One byte a second, forever. */
export const drip: Attack = (response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(":");
  const timer = setInterval(() => response.write("#"), 1_000);
  response.on("close", () => {
    clearInterval(timer);
  });
};

/** The same text again and again, as fast as it is taken. */
export const flood =
  (text: string): Attack =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const block = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)));
    const go = (): void => {
      while (!response.destroyed && response.write(block));
    };
    response.on("drain", go);
    go();
  };

export const never: Attack = () => undefined;

export const reset: Attack = (response) => {
  response.socket?.resetAndDestroy();
};

/** More is promised than sent. */
export const cutShort: Attack = (response) => {
  response.writeHead(200, { "content-length": "1000000" });
  response.write('data: {"choices":[{"text":"x"}]}\n\n', () => response.destroy());
};

export const status =
  (code: number, body: string, headers: Record<string, string> = {}): Attack =>
  (response) => {
    response.writeHead(code, headers).end(body);
  };

/** 4 MiB, which are 4 GiB. */
export const gzipBomb: Attack = (response) => {
  response.writeHead(200, { "content-encoding": "gzip", "content-type": "text/event-stream" });
  response.end(gzipSync(Buffer.alloc(2 ** 24)));
};

export const hugeHeader: Attack = (response) => {
  response.socket?.write(`HTTP/1.1 200 OK\r\nx-long: ${"a".repeat(2 ** 20)}\r\n\r\n`);
};

export const notHttp: Attack = (response) => {
  response.socket?.write("SSH-2.0-OpenSSH_9.2\r\n");
};

export const html: Attack = status(200, "<!DOCTYPE html><html><body>Sign in</body></html>", {
  "content-type": "text/html",
});

/** A whole answer with these counts and times. */
export const lying =
  (lies: NonNullable<Parameters<typeof goodStream>[2]>): Attack =>
  (response) => {
    goodStream(response, { promptTokens: 12, outputTokens: 4 }, lies);
  };

/** Events as given, then the end of the stream. */
export const events =
  (...lines: readonly string[]): Attack =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).end(lines.join(""));
  };
