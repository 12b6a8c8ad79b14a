/** In a worker thread, as the product does it: Jest's own typed arrays are not those that ONNX Runtime asks for. */
import { Worker } from "node:worker_threads";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const compiled = (name: string) => JSON.stringify(pathToFileURL(resolve("dist/onnx", name)).href);

/** Sends words through a float16 graph that copies them, into an array of ours and into one of the runtime's. */
function copyWords(words: readonly number[]): Promise<{ ours: number[]; numbers: number[][] }> {
  const code = `
    const { parentPort } = require("node:worker_threads");
    (async () => {
      const { GraphWriter } = await import(${compiled("protobuf/graph-writer.js")});
      const { DataType, encodeModel, tensorInfo } = await import(${compiled("protobuf/onnx-proto.js")});
      const { openSession } = await import(${compiled("batches/open-session.js")});
      const { floatsOf, halfTensor } = await import(${compiled("batches/half-tensor.js")});
      const g = new GraphWriter("");
      g.output("x", "y");
      const info = (name) => tensorInfo(name, DataType.float16, ["N"]);
      const model = encodeModel(g.graph("copy", [info("x")], [info("y")]));
      const session = await openSession(model, { device: "cpu", threads: 1 });
      const words = Uint16Array.from(${JSON.stringify(words)});
      const memory = new Uint16Array(words.length);
      const feeds = { x: halfTensor(words, [words.length]) };
      const ours = await session.run(feeds, { y: halfTensor(memory, [words.length]) });
      const { y } = await session.run(feeds);
      const numbers = [floatsOf(ours.y.data, 0, words.length), floatsOf(y.data, 1, words.length - 1)];
      parentPort.postMessage({ ours: Array.from(memory), numbers: numbers.map((part) => Array.from(part)) });
    })();`;
  return new Promise((done, reject) => {
    const worker = new Worker(code, { eval: true });
    worker.on("error", reject).on("message", done);
  });
}

test("float16 goes into ONNX Runtime and comes back on every Node, bit by bit", async () => {
  const words = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00];
  const values = [1, -2, 65504, 2 ** -24, -0, Infinity];
  expect(await copyWords(words)).toEqual({ ours: words, numbers: [values, values.slice(1)] });
});
