/**
 * Chooses the next token of each row inside the graph, so that the KV cache stays there too: the largest logit, or a sample.
 * A sample takes a number in [0, 1) for each token from outside (sampling.ts), so it is the same on every device that gives
 * the same logits. Order as in Hugging Face's generate: temperature, then top-k, then top-p.
 */
import { attribute, DataType, type GraphWriter } from "../protobuf/index.js";
import { graphNames } from "./graph-io.js";

const alongVocab = attribute.int("axis", 1);
const lastAxis = attribute.int("axis", -1);
const dropAxis = attribute.int("keepdims", 0);
const keepAxis = attribute.int("keepdims", 1);

/** Token ids [B] of float32 logits [B, V]: the first of the largest ones. */
export function greedyToken(g: GraphWriter, logits: string): string {
  return g.op("ArgMax", [logits], alongVocab, dropAxis);
}

/**
 * Token ids [B] sampled from float32 logits [B, V] with `uniforms` [B]. Candidates are sorted, cut to top_k, then to the
 * fewest whose probabilities reach top_p; the one is taken in whose share of the rest's sum the uniform number falls.
 */
export function sampledToken(g: GraphWriter, logits: string, uniforms: string): string {
  const scaled = g.op("Div", [logits, graphNames.temperature]);
  const [values, ids] = g.ops("TopK", [scaled, graphNames.topK], 2, lastAxis) as [string, string];
  const shares = g.op("Softmax", [values], lastAxis);
  const before = g.op("CumSum", [shares, g.ints(1)], attribute.int("exclusive", 1));
  const isKept = g.op("Less", [before, graphNames.topP]);
  const kept = g.op("Where", [isKept, shares, g.float(0)]);
  const target = g.op("Mul", [
    g.op("ReduceSum", [kept, g.ints([1])], keepAxis),
    g.op("Unsqueeze", [uniforms, g.ints([1])]),
  ]);
  const isPassed = g.op("LessOrEqual", [g.op("CumSum", [kept, g.ints(1)]), target]);
  // Rounding may let the target reach the whole sum: the last kept one then.
  const last = g.op("Sub", [countTrue(g, isKept), g.ints(1)]);
  const index = g.op("Min", [countTrue(g, isPassed), last]);
  return g.op("Squeeze", [g.op("GatherElements", [ids, index], alongVocab), g.ints([1])]);
}

function countTrue(g: GraphWriter, flags: string): string {
  return g.op("ReduceSum", [g.cast(flags, DataType.int64), g.ints([1])], keepAxis);
}
