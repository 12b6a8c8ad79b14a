import { existsSync, readdirSync } from "node:fs";
import { compiled } from "./code-cache.js";

test("the build leaves a code cache of what simulate loads, and V8 accepts it", () => {
  const cached = ["cli", "chunks"].flatMap((folder) =>
    readdirSync(`dist/${folder}`)
      .filter((name) => existsSync(`dist/${folder}/${name}.cache`))
      .map((name) => `dist/${folder}/${name}`),
  );
  for (const part of ["cli/program", "cli/command-line", "chunks/core-", "chunks/simulate-"]) {
    expect(cached.some((file) => file.startsWith(`dist/${part}`))).toBe(true);
  }
  for (const file of cached) expect(compiled(file).cachedDataRejected).toBe(false);
});
