/**
 * GPT-2 and Llama forward passes in float64, written from the papers and sharing nothing with the graphs but the weights:
 * what the tests hold every graph to. One row, no padding, no cache; logits [tokens][vocab].
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelFiles } from "../models/index.js";
import { fromHalf } from "../protobuf/half.js";
import type { LlamaShape } from "../spec/shape.js";
import { weightsFileName } from "../weights/weight-table.js";
import { decoderOf } from "./decoders.js";

type Matrix = number[][];
type Weights = (name: string) => Float64Array;

/** Logits at each position of these token ids. */
export async function referenceLogits(model: ModelFiles, ids: readonly number[]): Promise<Matrix> {
  const weights = await readWeights(model);
  return model.shape.llama ? llama(model, model.shape.llama, weights, ids) : gpt2(model, weights, ids);
}

function gpt2({ shape }: ModelFiles, w: Weights, ids: readonly number[]): Matrix {
  const { width, heads, layers, vocab } = shape;
  const norm = (x: number[], name: string) => {
    const mean = average(x);
    const deviation = Math.sqrt(average(x.map((v) => (v - mean) ** 2)) + 1e-5);
    return x.map((v, i) => ((v - mean) / deviation) * w(`${name}.weight`)[i]! + w(`${name}.bias`)[i]!);
  };
  // [inputs, outputs]
  const linear = (x: number[], name: string) => {
    const bias = [...w(`${name}.bias`)];
    return bias.map((b, o) => b + x.reduce((sum, v, i) => sum + v * w(`${name}.weight`)[i * bias.length + o]!, 0));
  };
  const gelu = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
  let x = ids.map((id, at) => add(rowOf(w("wte"), id, width), rowOf(w("wpe"), at, width)));
  for (let l = 0; l < layers; l++) {
    const qkv = x.map((row) => linear(norm(row, `h${l}.ln_1`), `h${l}.attn`));
    const part = (at: number) => qkv.map((row) => row.slice(at * width, (at + 1) * width));
    const attended = attend(part(0), part(1), part(2), heads, heads);
    x = x.map((row, at) => add(row, linear(attended[at]!, `h${l}.attn_proj`)));
    x = x.map((row) => add(row, linear(linear(norm(row, `h${l}.ln_2`), `h${l}.mlp`).map(gelu), `h${l}.mlp_proj`)));
  }
  return x.map((row) => times(w("wte"), norm(row, "ln_f"), vocab));
}

function llama({ shape }: ModelFiles, config: LlamaShape, w: Weights, ids: readonly number[]): Matrix {
  const { width, heads, layers, vocab } = shape;
  const { kvHeads, intermediate, ropeTheta, epsilon } = config;
  const headWidth = width / heads;
  const norm = (x: number[], name: string) => {
    const size = Math.sqrt(average(x.map((v) => v * v)) + epsilon);
    return x.map((v, i) => (v / size) * w(name)[i]!);
  };
  // Pair i of a head is (i, i + headWidth / 2), turned by position x theta^(-2 i / headWidth).
  const rotate = (x: number[], position: number) =>
    x.map((v, at) => {
      const half = headWidth / 2;
      const i = at % headWidth;
      const angle = position * ropeTheta ** ((-2 * (i % half)) / headWidth);
      return v * Math.cos(angle) + (i < half ? -x[at + half]! : x[at - half]!) * Math.sin(angle);
    });
  let x = ids.map((id) => rowOf(w("embed_tokens.weight"), id, width));
  for (let l = 0; l < layers; l++) {
    const name = `layers.${l}`;
    const project = (part: string, outputs: number) =>
      x.map((row) =>
        times(w(`${name}.self_attn.${part}_proj.weight`), norm(row, `${name}.input_layernorm.weight`), outputs),
      );
    const [q, k] = [project("q", width), project("k", kvHeads * headWidth)].map((rows) => rows.map(rotate)) as [Matrix, Matrix]; // prettier-ignore
    const attended = attend(q, k, project("v", kvHeads * headWidth), heads, kvHeads);
    x = x.map((row, at) => add(row, times(w(`${name}.self_attn.o_proj.weight`), attended[at]!, width)));
    x = x.map((row) => {
      const normed = norm(row, `${name}.post_attention_layernorm.weight`);
      const gate = times(w(`${name}.mlp.gate_proj.weight`), normed, intermediate).map((v) => v / (1 + Math.exp(-v)));
      const up = times(w(`${name}.mlp.up_proj.weight`), normed, intermediate);
      const gated = gate.map((v, i) => v * up[i]!);
      return add(row, times(w(`${name}.mlp.down_proj.weight`), gated, width));
    });
  }
  return x.map((row) => times(w("lm_head.weight"), norm(row, "norm.weight"), vocab));
}

/** Causal attention; query head h reads key head floor(h x kvHeads / heads). */
function attend(q: Matrix, k: Matrix, v: Matrix, heads: number, kvHeads: number): Matrix {
  const size = q[0]!.length / heads;
  return q.map((query, at) =>
    Array.from({ length: heads }, (_, h) => {
      const kv = Math.floor((h * kvHeads) / heads) * size;
      const dot = (key: number[]) => key.slice(kv, kv + size).reduce((sum, n, i) => sum + n * query[h * size + i]!, 0);
      const scores = k.slice(0, at + 1).map((key) => Math.exp(dot(key) / Math.sqrt(size)));
      const total = scores.reduce((sum, score) => sum + score, 0);
      const mix = (i: number) => scores.reduce((sum, score, t) => sum + (score / total) * v[t]![kv + i]!, 0);
      return Array.from({ length: size }, (_, i) => mix(i));
    }).flat(),
  );
}

/** matrix [outputs, inputs] x vector */
function times(matrix: Float64Array, x: number[], outputs: number): number[] {
  return Array.from({ length: outputs }, (_, o) => x.reduce((sum, v, i) => sum + v * matrix[o * x.length + i]!, 0));
}

function rowOf(matrix: Float64Array, row: number, width: number): number[] {
  return [...matrix.subarray(row * width, (row + 1) * width)];
}

function add(a: number[], b: number[]): number[] {
  return a.map((v, i) => v + b[i]!);
}

function average(x: number[]): number {
  return x.reduce((sum, v) => sum + v, 0) / x.length;
}

async function readWeights(model: ModelFiles): Promise<Weights> {
  const bytes = await readFile(join(model.folder, weightsFileName));
  const isHalf = model.precision === "fp16";
  const tensors = new Map(
    decoderOf(model).weights.map(({ name, offsetBytes, elements }) => [
      name,
      Float64Array.from({ length: elements }, (_, i) =>
        isHalf ? fromHalf(bytes.readUInt16LE(offsetBytes + 2 * i)) : bytes.readFloatLE(offsetBytes + 4 * i),
      ),
    ]),
  );
  return (name) => tensors.get(name)!;
}
