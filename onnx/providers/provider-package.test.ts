import { readFileSync } from "node:fs";
import { providerPackage } from "./index.js";

test("the installed ONNX Runtime is exactly the one that the CUDA provider is made for", () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
  expect(dependencies["onnxruntime-node"]).toBe(providerPackage.ortVersion);
});
