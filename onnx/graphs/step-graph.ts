/**
 * The graph of one step of continuous batching: new tokens of many requests, each with its own past. All tokens go through the
 * dense layers together; attention runs once for each group of rows, since its kernel takes rows of one length at a time. Keys and
 * values lie in slots of `max_model_len` tokens and stay there: past and present of a group are the same memory, to which the
 * kernel appends.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GroupQueryAttention
 *
 * B rows of a group, S new tokens of each, M tokens of a slot, R rows whose next token is wanted.
 */
import { attribute, DataType, tensorInfo, type GraphWriter, type Graph, type ValueInfo } from "../protobuf/index.js";
import { headWidth, kvHeads, type ModelSpec, type ModelShape } from "../spec/index.js";
import { decoderOf, withWeights } from "./decoders.js";
import { graphNames, samplingInfo } from "./graph-io.js";
import { greedyToken, sampledToken } from "./next-token.js";

/** Names of a step's inputs and outputs that are one for all groups. */
export const stepNames = {
  logitRows: "logit_rows", // int64 [R], places among all new tokens, group after group
  tokens: "tokens", // int64 [R]
} as const;

/** Names of group `group`'s. */
export const groupNames = (group: number) => ({
  inputIds: `g${group}_input_ids`, // int64 [B, S]
  positions: `g${group}_positions`, // int64 [B, S]
  lastPositions: `g${group}_seqlens_k`, // int32 [B], the position of each row's last new token
  totalLength: `g${group}_total_length`, // int32 [1], the longest row, past and new
  past: (part: string) => `g${group}_past_${part}`, // real [B, key heads, M, head width]
  present: (part: string) => `g${group}_present_${part}`, // the same
});

export type GroupNames = ReturnType<typeof groupNames>;

/** Parts of the KV cache: keys and values of each layer. */
export function cacheParts({ layers }: ModelShape): string[] {
  return Array.from({ length: layers }, (_, layer) => [`key_${layer}`, `value_${layer}`]).flat();
}

export interface StepGraphOptions {
  /** Calls of attention in each layer. */
  readonly groups: number;
  readonly sampled?: boolean;
}

export function stepGraph(spec: ModelSpec, { groups, sampled = false }: StepGraphOptions): Graph {
  const { shape } = spec;
  const decoder = decoderOf(spec);
  const g = withWeights(decoder, spec);
  const all = Array.from({ length: groups }, (_, group) => groupNames(group));
  const flat = (names: readonly string[]): string => joined(g, names.map((name) => g.op("Reshape", [name, g.ints([-1])]))); // prettier-ignore
  const sizes = all.map(({ inputIds }) => g.op("Reshape", [g.op("Size", [inputIds]), g.ints([1])]));
  const counts = joined(g, sizes);
  const packedWidth = (shape.heads + 2 * kvHeads(shape)) * headWidth(shape);
  const packedDims = all.map(({ inputIds }) => joined(g, [g.op("Shape", [inputIds]), g.ints([packedWidth])]));

  const hidden = decoder.runStep(g, {
    tokenIds: flat(all.map(({ inputIds }) => inputIds)),
    positions: flat(all.map(({ positions }) => positions)),
    attend(layer, packed) {
      const parts = groups === 1 ? [packed] : g.ops("Split", [packed, counts], groups, attribute.int("axis", 0));
      const attended = parts.map((part, group) => attention(g, shape, { group, layer, packed: g.op("Reshape", [part, packedDims[group]!]) })); // prettier-ignore
      return joined(g, attended);
    },
  });
  const wanted = g.op("Gather", [hidden, stepNames.logitRows], attribute.int("axis", 0));
  const logits = g.cast(decoder.stepLogits(g, wanted), DataType.float);
  g.output(sampled ? sampledToken(g, logits, graphNames.uniforms) : greedyToken(g, logits), stepNames.tokens);

  const real = g.realType;
  const inputs = all.flatMap(({ inputIds, positions, lastPositions, totalLength }, group) => [
    tensorInfo(inputIds, DataType.int64, [`B${group}`, `S${group}`]),
    tensorInfo(positions, DataType.int64, [`B${group}`, `S${group}`]),
    tensorInfo(lastPositions, DataType.int32, [`B${group}`]),
    tensorInfo(totalLength, DataType.int32, [1]),
    ...cacheInfos(shape, real, group, "past"),
  ]);
  return g.graph(
    "step",
    [tensorInfo(stepNames.logitRows, DataType.int64, ["R"]), ...inputs, ...(sampled ? samplingInfo(["R"]) : [])],
    [
      tensorInfo(stepNames.tokens, DataType.int64, ["R"]),
      ...all.flatMap((_, group) => cacheInfos(shape, real, group, "present")),
    ],
  );
}

/** One layer's attention of one group: [B x S, width]. */
function attention(
  g: GraphWriter,
  shape: ModelShape,
  { group, layer, packed }: { readonly group: number; readonly layer: number; readonly packed: string },
): string {
  const { past, present, lastPositions, totalLength } = groupNames(group);
  const [key, value] = [`key_${layer}`, `value_${layer}`];
  const rotary = shape.llama === undefined ? [] : ["rotary.cos", "rotary.sin"];
  const attended = g.inPlace(
    "GroupQueryAttention",
    [packed, "", "", past(key), past(value), lastPositions, totalLength, ...rotary],
    [present(key), present(value)],
    attribute.int("num_heads", shape.heads),
    attribute.int("kv_num_heads", kvHeads(shape)),
    ...(shape.llama === undefined ? [] : [attribute.int("do_rotary", 1)]),
  );
  return g.op("Reshape", [attended, g.ints([-1, shape.width])]);
}

function cacheInfos(shape: ModelShape, real: number, group: number, which: "past" | "present"): ValueInfo[] {
  const name = groupNames(group)[which];
  const dims = [`B${group}`, kvHeads(shape), "M", headWidth(shape)];
  return cacheParts(shape).map((part) => tensorInfo(name(part), real, dims));
}

function joined(g: GraphWriter, parts: readonly string[]): string {
  return parts.length === 1 ? parts[0]! : g.op("Concat", parts, attribute.int("axis", 0));
}
