/**
 * The decode graph: all steps in one ONNX Loop, so that the KV cache never leaves the device between them.
 * https://github.com/onnx/onnx/blob/v1.17.0/docs/Operators.md#Loop
 */
import { GraphWriter, attribute, DataType, tensorInfo, type Graph } from "../protobuf/index.js";
import type { ModelSpec } from "../spec/index.js";
import type { Decoder } from "./decoder.js";
import { decoderOf, withWeights } from "./decoders.js";
import { cacheInfo, graphNames, samplingInfo } from "./graph-io.js";
import { greedyToken, sampledToken } from "./next-token.js";
import type { GraphOptions } from "./prompt-graphs.js";

/** first_token, pad_tokens, steps and the cache -> tokens: `steps` steps inside one Loop. */
export function decodeGraph(spec: ModelSpec, options: GraphOptions = {}): Graph {
  const decoder = decoderOf(spec);
  const g = withWeights(decoder, spec);
  const { cache, cacheTokenAxis: axis } = decoder;
  const cacheNames = cache.map(({ name }) => name);
  const prompt = g.op("Shape", [cacheNames[0]!], attribute.int("start", axis), attribute.int("end", axis + 1));
  const nextPosition = g.op("Sub", [prompt, graphNames.padTokens]);
  // The mask of the last step; each step takes the part up to its own context.
  const context = g.op("Range", [g.ints(0), g.op("Add", [g.op("Squeeze", [prompt]), graphNames.steps]), g.ints(1)]);
  const visible = g.op("GreaterOrEqual", [context, g.op("Unsqueeze", [graphNames.padTokens, g.ints([1])])]);
  const mask = decoder.stepMask(g, visible);

  const body = decodeStep(decoder, spec, options, { prompt, nextPosition, mask });
  const start = [graphNames.steps, "", g.op("Reshape", [graphNames.firstToken, g.ints([-1])]), ...cacheNames];
  const scanned = g
    .ops("Loop", start, 1 + cache.length + (options.withLogits ? 2 : 1), attribute.graph("body", body))
    .slice(1 + cache.length);
  g.output(g.op("Transpose", [scanned[0]!], attribute.ints("perm", [1, 0])), graphNames.tokens);
  if (options.withLogits) g.output(scanned[1]!, graphNames.logits);

  const inputs = [
    tensorInfo(graphNames.firstToken, DataType.int64, ["B", 1]),
    tensorInfo(graphNames.padTokens, DataType.int64, ["B"]),
    tensorInfo(graphNames.steps, DataType.int64, []),
    ...cacheInfo(cache, g.realType),
    ...(options.sampled ? samplingInfo(["N", "B"]) : []),
  ];
  const outputs = [
    tensorInfo(graphNames.tokens, DataType.int64, ["B", null]),
    ...(options.withLogits ? [tensorInfo(graphNames.logits, DataType.float, [null, "B", spec.shape.vocab])] : []),
  ];
  return g.graph("decode", inputs, outputs);
}

/** The body of the Loop: one token per row in, the next one out, the cache one longer. */
function decodeStep(
  decoder: Decoder,
  { precision, shape }: ModelSpec,
  { sampled, withLogits }: GraphOptions,
  outer: { prompt: string; nextPosition: string; mask: string },
): Graph {
  const g = new GraphWriter("step/", precision);
  const done = g.op("Add", ["step/index", g.op("Add", [outer.prompt, g.ints([1])])]);
  const { hidden, cache } = decoder.run(g, {
    tokenIds: "step/token",
    positions: g.op("Add", [outer.nextPosition, "step/index"]),
    mask: g.op("Slice", [outer.mask, g.ints([0]), done, g.ints([decoder.stepMaskAxis])]),
    past: decoder.cache.map(({ name }) => `step/${name}`),
  });
  for (const [at, { name }] of decoder.cache.entries()) g.output(cache[at]!, `step/next_${name}`);
  const logits = g.cast(decoder.logits(g, hidden), DataType.float);
  const token = sampled
    ? sampledToken(g, logits, g.op("Gather", [graphNames.uniforms, "step/index"]))
    : greedyToken(g, logits);
  g.output("step/go_on", "step/next_go_on");
  g.output(token, "step/next_token");
  g.output(token, "step/scanned_token");
  if (withLogits) g.output(logits, "step/scanned_logits");

  const tokenInfo = (name: string) => tensorInfo(`step/${name}`, DataType.int64, [null]);
  const conditionInfo = (name: string) => tensorInfo(`step/${name}`, DataType.bool, []);
  const inputs = [tensorInfo("step/index", DataType.int64, []), conditionInfo("go_on"), tokenInfo("token")];
  const outputs = [conditionInfo("next_go_on"), tokenInfo("next_token")];
  const scanned = [tokenInfo("scanned_token")];
  if (withLogits) scanned.push(tensorInfo("step/scanned_logits", DataType.float, [null, shape.vocab]));
  return g.graph(
    "decode_step",
    [...inputs, ...cacheInfo(decoder.cache, g.realType, (name) => `step/${name}`, true)],
    [...outputs, ...cacheInfo(decoder.cache, g.realType, (name) => `step/next_${name}`, true), ...scanned],
  );
}
