import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { packageFile, packageVersion, workerFile } from "./package-file.js";

test("files of the package are found from the sources", () => {
  expect(packageFile("prompts.json")).toBe(resolve("prompts.json"));
  expect(packageVersion()).toBe((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
});

test.each(["replications", "onnx-batches", "onnx-steps", "try-batch", "load-client"])("worker %s is built", (name) => {
  expect(existsSync(workerFile(name))).toBe(true);
});
