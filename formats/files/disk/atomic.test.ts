import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeJson } from "../json.js";
import { writeLinesAtomic } from "./atomic.js";

test("a pipe, or a device, is no file to be replaced: it stays, and the message says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "servesim-atomic-"));
  try {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const message = `cannot write ${pipe}: it is a device or a pipe, expected the name of a file`;
    expect(() => {
      writeJson(pipe, {});
    }).toThrow(message);
    await expect(writeLinesAtomic(pipe, ["line"])).rejects.toThrow(message);
    expect(statSync(pipe).isFIFO()).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
