import { slotCopyGraph, slotNames } from "../graphs/index.js";
import { encodeModel } from "../protobuf/index.js";
import { HostTensor } from "./ort-tensor.js";
import { OrtBinding, OrtSession } from "./ort-session.js";

const shape = { layers: 1, width: 8, heads: 1, vocab: 8, positions: 8 };
const graph = encodeModel(slotCopyGraph({ shape, precision: "fp32", fused: false, name: "one" }));
const dims = [1, 1, 1, 8];

test.each(["cpu", "cuda"] as const)(
  "what changes in a bound tensor is read by the next run, as for a session on %s",
  (device) => {
    const session = new OrtSession(graph, { device: "cpu", threads: 1 });
    // The calls are those for a device; the memory behind them is the CPU's.
    Object.defineProperty(session, "device", { value: device });
    const binding = new OrtBinding(session);
    const [from, to] = [new Float32Array(8).fill(1), new Float32Array(8)];
    const [input, output] = [new HostTensor(from, dims, "float32"), new HostTensor(to, dims, "float32")];
    const copied = (): number[] => {
      for (const part of ["key_0", "value_0"]) binding.input(slotNames.from(part), input);
      binding.output(slotNames.to("key_0"), output);
      binding.run();
      return [...to];
    };
    expect(copied()).toEqual([...from]);
    from.fill(2);
    expect(copied()).toEqual([...from]);
    binding.release();
    for (const tensor of [input, output]) tensor.release();
    session.release();
  },
);

test("a graph that the runtime does not know is rejected in its own words, with its version", () => {
  expect(() => new OrtSession(new Uint8Array(16), { device: "cpu", threads: 1 })).toThrow(/^ONNX Runtime 1\.29\.\d+: /);
});
