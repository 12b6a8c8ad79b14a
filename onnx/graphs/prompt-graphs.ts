/**
 * The graphs that read whole prompts: prefill (prompt -> first token and KV cache) and forward (no cache, no padding:
 * the reference that tests compare with).
 */
import { attribute, DataType, tensorInfo, type GraphWriter, type Graph } from "../protobuf/index.js";
import type { ModelSpec } from "../spec/index.js";
import type { Decoder } from "./decoder.js";
import { decoderOf, withWeights } from "./decoders.js";
import { cacheInfo, graphNames, samplingInfo } from "./graph-io.js";
import { greedyToken, sampledToken } from "./next-token.js";

const axis = (index: number) => attribute.int("axis", index);
const inputIds = tensorInfo(graphNames.inputIds, DataType.int64, ["B", "P"]);

/** How a generating graph chooses tokens, and whether it also gives the logits it chose from (for tests). */
export interface GraphOptions {
  readonly sampled?: boolean;
  readonly withLogits?: boolean;
}

/** input_ids, pad_tokens -> first_token and the cache. Logits are computed for the last position only. */
export function prefillGraph(spec: ModelSpec, { sampled = false, withLogits = false }: GraphOptions = {}): Graph {
  const decoder = decoderOf(spec);
  const g = withWeights(decoder, spec);
  const index = promptIndex(g);
  const pad = g.op("Unsqueeze", [graphNames.padTokens, g.ints([1])]);
  const positions = g.op("Max", [g.op("Sub", [index, pad]), g.ints(0)]);
  const visible = g.op("GreaterOrEqual", [index, pad]);
  const { hidden, cache } = runPrompt(g, decoder, positions, visible);
  for (const [at, { name }] of decoder.cache.entries()) g.output(cache[at]!, name);

  const rows = g.op("Concat", [g.ints([-1]), promptTokens(g), g.ints([spec.shape.width])], axis(0));
  const last = g.op("Gather", [g.op("Reshape", [hidden, rows]), g.ints(-1)], axis(1));
  const logits = g.cast(decoder.logits(g, last), DataType.float);
  const token = sampled ? sampledToken(g, logits, graphNames.uniforms) : greedyToken(g, logits);
  g.output(g.op("Unsqueeze", [token, g.ints([1])]), graphNames.firstToken);
  if (withLogits) g.output(logits, graphNames.logits);

  const inputs = [inputIds, tensorInfo(graphNames.padTokens, DataType.int64, ["B"])];
  const outputs = [
    tensorInfo(graphNames.firstToken, DataType.int64, ["B", 1]),
    ...cacheInfo(decoder.cache, g.realType),
    ...(withLogits ? [tensorInfo(graphNames.logits, DataType.float, ["B", spec.shape.vocab])] : []),
  ];
  return g.graph("prefill", [...inputs, ...(sampled ? samplingInfo(["B"]) : [])], outputs);
}

/** input_ids -> logits at every position, nothing padded and nothing cached; always in basic ops. */
export function forwardGraph(spec: ModelSpec): Graph {
  const decoder = decoderOf({ ...spec, fused: false });
  const g = withWeights(decoder, spec);
  const index = promptIndex(g);
  const positions = g.op("Expand", [index, g.op("Shape", [graphNames.inputIds])]);
  const visible = g.op("GreaterOrEqual", [positions, g.ints(0)]);
  const { hidden } = runPrompt(g, decoder, positions, visible);
  const rows = g.op("Concat", [g.ints([-1]), promptTokens(g), g.ints([spec.shape.vocab])], axis(0));
  g.output(g.op("Reshape", [g.cast(decoder.logits(g, hidden), DataType.float), rows]), graphNames.logits);
  const logits = tensorInfo(graphNames.logits, DataType.float, ["B", "P", spec.shape.vocab]);
  return g.graph("forward", [inputIds], [logits]);
}

/** Runs input_ids at positions [B, P]; `visible` [B, P] is false for padding. */
function runPrompt(g: GraphWriter, decoder: Decoder, positions: string, visible: string): ReturnType<Decoder["run"]> {
  const flat = g.ints([-1]);
  return decoder.run(g, {
    tokenIds: g.op("Reshape", [graphNames.inputIds, flat]),
    positions: g.op("Reshape", [positions, flat]),
    queryTokens: promptTokens(g),
    mask: decoder.promptMask(g, visible),
  });
}

/** P as an int64 tensor [1]. */
function promptTokens(g: GraphWriter): string {
  return g.op("Shape", [graphNames.inputIds], attribute.int("start", 1), attribute.int("end", 2));
}

/** 0, 1, ... P - 1 */
function promptIndex(g: GraphWriter): string {
  return g.op("Range", [g.ints(0), g.op("Squeeze", [promptTokens(g)]), g.ints(1)]);
}
