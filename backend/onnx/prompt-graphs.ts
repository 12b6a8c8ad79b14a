/**
 * The graphs that read whole prompts: prefill (prompt -> first token and KV cache) and forward (no cache, no padding:
 * the reference that tests compare with).
 */
import { attentionBias, embed, lmHead, transformerLayer, type AttentionContext } from "./gpt2-layer.js";
import type { WeightTensor } from "./gpt2-weights.js";
import { cacheInfo, graphNames, withWeights } from "./graph-io.js";
import type { GraphWriter } from "./graph-writer.js";
import { attribute, DataType, tensorInfo, type Graph } from "./onnx-proto.js";
import type { ModelShape } from "./shape.js";

const perm = (...axes: number[]) => attribute.ints("perm", axes);
const axis = (index: number) => attribute.int("axis", index);

/** input_ids, pad_tokens -> first_token, key_i, value_i. Logits are computed for the last position only. */
export function prefillGraph(shape: ModelShape, weights: readonly WeightTensor[]): Graph {
  const g = withWeights(weights);
  const { positions, allowed } = paddedPrompt(g);
  const context = promptAttention(g, shape, attentionBias(g, allowed));
  let hidden = embed(g, g.op("Reshape", [graphNames.inputIds, g.ints([-1])]), positions);
  for (let layer = 0; layer < shape.layers; layer++) {
    const out = transformerLayer(g, shape, layer, hidden, context);
    g.output(out.key, graphNames.key(layer));
    g.output(out.value, graphNames.value(layer));
    hidden = out.hidden;
  }
  const rows = g.op("Concat", [g.ints([-1]), promptTokens(g), g.ints([shape.width])], axis(0));
  const last = g.op("Gather", [g.op("Reshape", [hidden, rows]), g.ints(-1)], axis(1));
  g.output(g.op("ArgMax", [lmHead(g, last)], axis(1), attribute.int("keepdims", 1)), graphNames.firstToken);

  const inputs = [
    tensorInfo(graphNames.inputIds, DataType.int64, ["B", "P"]),
    tensorInfo(graphNames.padTokens, DataType.int64, ["B"]),
  ];
  const firstToken = tensorInfo(graphNames.firstToken, DataType.int64, ["B", 1]);
  return g.graph("prefill", inputs, [firstToken, ...cacheInfo(shape, (name) => name, "P")]);
}

/** input_ids -> logits at every position, nothing padded and nothing cached. */
export function forwardGraph(shape: ModelShape, weights: readonly WeightTensor[]): Graph {
  const g = withWeights(weights);
  const index = promptIndex(g);
  const column = g.op("Unsqueeze", [index, g.ints([1])]);
  const context = promptAttention(g, shape, attentionBias(g, g.op("LessOrEqual", [index, column])));
  const positions = g.op("Expand", [index, g.op("Shape", [graphNames.inputIds])]);
  const flat = g.ints([-1]);
  let hidden = embed(g, g.op("Reshape", [graphNames.inputIds, flat]), g.op("Reshape", [positions, flat]));
  for (let layer = 0; layer < shape.layers; layer++) {
    hidden = transformerLayer(g, shape, layer, hidden, context).hidden;
  }
  const rows = g.op("Concat", [flat, promptTokens(g), g.ints([shape.vocab])], axis(0));
  g.output(g.op("Reshape", [lmHead(g, hidden), rows]), graphNames.logits);
  const logits = tensorInfo(graphNames.logits, DataType.float, ["B", "P", shape.vocab]);
  return g.graph("forward", [tensorInfo(graphNames.inputIds, DataType.int64, ["B", "P"])], [logits]);
}

/** Where each prompt token stands in its own row (flat [B x P]), and who may look at whom ([B, 1, P, P]). */
function paddedPrompt(g: GraphWriter): { positions: string; allowed: string } {
  const index = promptIndex(g);
  const pad = g.op("Unsqueeze", [graphNames.padTokens, g.ints([1])]);
  const positions = g.op("Max", [g.op("Sub", [index, pad]), g.ints(0)]);
  const causal = g.op("LessOrEqual", [index, g.op("Unsqueeze", [index, g.ints([1])])]);
  const visible = g.op("Unsqueeze", [g.op("GreaterOrEqual", [index, pad]), g.ints([1, 2])]);
  return { positions: g.op("Reshape", [positions, g.ints([-1])]), allowed: g.op("And", [causal, visible]) };
}

function promptAttention(g: GraphWriter, shape: ModelShape, bias: string): AttentionContext {
  const headDims = g.ints([shape.heads, shape.width / shape.heads]);
  const split = g.op("Concat", [g.ints([-1]), promptTokens(g), headDims], axis(0));
  return {
    bias,
    splitHeads: (value) => g.op("Transpose", [g.op("Reshape", [value, split])], perm(0, 2, 1, 3)),
    mergeHeads: (value) => g.op("Reshape", [g.op("Transpose", [value], perm(0, 2, 1, 3)), g.ints([-1, shape.width])]),
  };
}

/** P as an int64 tensor [1]. */
function promptTokens(g: GraphWriter): string {
  return g.op("Shape", [graphNames.inputIds], attribute.int("start", 1), attribute.int("end", 2));
}

/** 0, 1, ... P - 1 */
function promptIndex(g: GraphWriter): string {
  return g.op("Range", [g.ints(0), g.op("Squeeze", [promptTokens(g)]), g.ints(1)]);
}
