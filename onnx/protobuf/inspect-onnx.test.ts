import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactError } from "../../formats/index.js";
import { GraphWriter } from "./graph-writer.js";
import { inspectOnnxFile } from "./inspect-onnx.js";
import { DataType, encodeModel, tensorInfo } from "./onnx-proto.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "servesim-inspect-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function rejection(name: string, bytes: string | Uint8Array): Promise<Error> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return inspectOnnxFile(path).then(
    () => new Error("no error"),
    (error: unknown) => error as Error,
  );
}

test.each([
  ["text", "this is a text file, not a model\n"],
  ["an empty file", ""],
  ["JSON", '{"version": 1}'],
  ["zeros", new Uint8Array(4096)],
  ["a model without nodes", encodeModel(new GraphWriter("").graph("empty", [], []))],
])("%s is not an ONNX model, and the message names the path", async (name, bytes) => {
  const error = await rejection(name, bytes);
  expect(error).toBeInstanceOf(ArtifactError);
  expect(error.message).toContain(`"${join(folder, name)}" is not an ONNX model`);
});

test("a file that is not there is told from one that is no model", async () => {
  await expect(inspectOnnxFile(join(folder, "none.onnx"))).rejects.toThrow(/cannot read model .*none\.onnx.*ENOENT/);
});

test("neither a pipe nor a model whose weights are in one is read, which would wait forever", async () => {
  execFileSync("mkfifo", [join(folder, "pipe"), join(folder, "pipe.onnx")]);
  await expect(inspectOnnxFile(join(folder, "pipe.onnx"))).rejects.toThrow(/cannot read .*pipe\.onnx: it is a pipe/);
  const graph = new GraphWriter("").graph("main", [], []);
  const weights = { name: "w", dims: [2], dataType: DataType.float, dataLocation: 1, externalData: [{ key: "location", value: "pipe" }] } as const; // prettier-ignore
  const node = { name: "n", opType: "Identity", input: ["w"], output: ["x"], attribute: [] };
  const error = await rejection("outside.onnx", encodeModel({ ...graph, node: [node], initializer: [weights] }));
  expect(error.message).toMatch(/cannot read .*pipe: it is a pipe, expected a file/);
});

test("a sound ONNX file tells its producer, opset, nodes, inputs, outputs and weights", async () => {
  const g = new GraphWriter("");
  g.output(g.op("Mul", ["x", g.float(2)]), "y");
  const info = (name: string) => tensorInfo(name, DataType.float, ["B", 3, null]);
  const path = join(folder, "sound.onnx");
  await writeFile(path, encodeModel(g.graph("sound", [info("x")], [info("y")])));
  const value = { elemType: DataType.float, dims: [undefined, 3, undefined] };
  expect(await inspectOnnxFile(path)).toEqual({
    ...{ producer: "servesim", opset: 20, nodes: 2 },
    inputs: new Map([["x", value]]),
    outputs: new Map([["y", value]]),
    weightElements: new Map([[DataType.float, 1]]),
  });
});
