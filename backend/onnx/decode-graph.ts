/**
 * The decode graph: all steps in one ONNX Loop, so that the KV cache never leaves the device between them.
 * https://github.com/onnx/onnx/blob/v1.17.0/docs/Operators.md#Loop
 */
import { attentionBias, embed, lmHead, transformerLayer } from "./gpt2-layer.js";
import type { WeightTensor } from "./gpt2-weights.js";
import { cacheInfo, cacheNames, graphNames, withWeights } from "./graph-io.js";
import { GraphWriter } from "./graph-writer.js";
import { attribute, DataType, tensorInfo, type Graph } from "./onnx-proto.js";
import type { ModelShape } from "./shape.js";

/** first_token, pad_tokens, steps, key_i, value_i -> tokens: `steps` greedy steps inside one Loop. */
export function decodeGraph(shape: ModelShape, weights: readonly WeightTensor[]): Graph {
  const g = withWeights(weights);
  const prompt = g.op("Shape", [graphNames.key(0)], attribute.int("start", 2), attribute.int("end", 3));
  const nextPosition = g.op("Sub", [prompt, graphNames.padTokens]);
  // The bias of the last step; each step takes the part up to its own context.
  const context = g.op("Range", [g.ints(0), g.op("Add", [g.op("Squeeze", [prompt]), graphNames.steps]), g.ints(1)]);
  const visible = g.op("GreaterOrEqual", [context, g.op("Unsqueeze", [graphNames.padTokens, g.ints([1])])]);
  const bias = g.op("Unsqueeze", [attentionBias(g, visible), g.ints([1, 2])]);

  const cache = cacheNames(shape);
  const body = decodeStep(shape, { prompt, nextPosition, bias });
  const start = [graphNames.steps, "", g.op("Reshape", [graphNames.firstToken, g.ints([-1])]), ...cache];
  const stepTokens = g.ops("Loop", start, cache.length + 2, attribute.graph("body", body)).at(-1)!;
  g.output(g.op("Transpose", [stepTokens], attribute.ints("perm", [1, 0])), graphNames.tokens);

  const inputs = [
    tensorInfo(graphNames.firstToken, DataType.int64, ["B", 1]),
    tensorInfo(graphNames.padTokens, DataType.int64, ["B"]),
    tensorInfo(graphNames.steps, DataType.int64, []),
    ...cacheInfo(shape, (name) => name, "P"),
  ];
  return g.graph("decode", inputs, [tensorInfo(graphNames.tokens, DataType.int64, ["B", null])]);
}

/** The body of the Loop: one token per row in, the next one out, the cache one longer. */
function decodeStep(shape: ModelShape, outer: { prompt: string; nextPosition: string; bias: string }): Graph {
  const g = new GraphWriter("step/");
  const headWidth = shape.width / shape.heads;
  const done = g.op("Add", ["step/index", g.op("Add", [outer.prompt, g.ints([1])])]);
  const bias = g.op("Slice", [outer.bias, g.ints([0]), done, g.ints([3])]);
  let hidden = embed(g, "step/token", g.op("Add", [outer.nextPosition, "step/index"]));
  for (let layer = 0; layer < shape.layers; layer++) {
    const out = transformerLayer(g, shape, layer, hidden, {
      bias,
      // One query a row: the axes that a prompt must transpose are of size 1 here.
      splitHeads: (value) => g.op("Reshape", [value, g.ints([-1, shape.heads, 1, headWidth])]),
      mergeHeads: (value) => g.op("Reshape", [value, g.ints([-1, shape.width])]),
      past: { key: `step/${graphNames.key(layer)}`, value: `step/${graphNames.value(layer)}` },
    });
    g.output(out.key, `step/next_${graphNames.key(layer)}`);
    g.output(out.value, `step/next_${graphNames.value(layer)}`);
    hidden = out.hidden;
  }
  const token = g.op("ArgMax", [lmHead(g, hidden)], attribute.int("axis", 1), attribute.int("keepdims", 0));
  g.output("step/go_on", "step/next_go_on");
  g.output(token, "step/next_token");
  g.output(token, "step/scanned_token");

  const tokenInfo = (name: string) => tensorInfo(`step/${name}`, DataType.int64, [null]);
  const conditionInfo = (name: string) => tensorInfo(`step/${name}`, DataType.bool, []);
  const inputs = [tensorInfo("step/index", DataType.int64, []), conditionInfo("go_on"), tokenInfo("token")];
  const outputs = [conditionInfo("next_go_on"), tokenInfo("next_token")];
  return g.graph(
    "decode_step",
    [...inputs, ...cacheInfo(shape, (name) => `step/${name}`, null)],
    [...outputs, ...cacheInfo(shape, (name) => `step/next_${name}`, null), tokenInfo("scanned_token")],
  );
}
