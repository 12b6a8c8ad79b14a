import { existsSync, readdirSync, readFileSync } from "node:fs";
import { compiled, late } from "./code-cache.js";

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

test("the bundles are ASCII, so that they can be read as bytes", () => {
  for (const folder of ["cli", "chunks"]) {
    for (const name of readdirSync(`dist/${folder}`).filter((file) => file.endsWith(".cjs"))) {
      const text = readFileSync(`dist/${folder}/${name}`);
      expect([name, text.find((byte) => byte > 0x7f)]).toEqual([name, undefined]);
    }
  }
});

test("a late module is loaded once, when something of it is asked for, and looks like the module", () => {
  let loads = 0;
  const module = late(() => {
    loads++;
    return Object.freeze({ one: 1, two: () => 2 });
  }) as { one: number; two: () => number };
  expect(loads).toBe(0);
  expect([module.one, module.two(), "one" in module, "three" in module]).toEqual([1, 2, true, false]);
  expect({ ...module }).toEqual({ one: 1, two: expect.any(Function) as unknown });
  expect(loads).toBe(1);
});
