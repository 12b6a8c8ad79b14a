/** Reads an .onnx file that the user names: what it says of itself, its inputs, outputs and weights. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { requireRegular } from "../../formats/files/index.js";
import { ArtifactError } from "../../formats/index.js";
import { presetNames } from "../spec/index.js";
import { decodeModel, type DecodedModel, type DecodedValue } from "./onnx-proto.js";

/** An input or output: its onnx.TensorProto.DataType, and its sizes, undefined where the file leaves them open. */
export interface OnnxValue {
  readonly elemType: number;
  readonly dims: readonly (number | undefined)[];
}

/** What an ONNX file says of itself. */
export interface OnnxFileInfo {
  readonly producer: string;
  readonly opset: number;
  readonly nodes: number;
  readonly inputs: ReadonlyMap<string, OnnxValue>;
  readonly outputs: ReadonlyMap<string, OnnxValue>;
  /** Numbers of each onnx.TensorProto.DataType among the weights of the main graph. */
  readonly weightElements: ReadonlyMap<number, number>;
}

/** Reads the file's header and graph. Throws ArtifactError for a file that is missing or no ONNX model. */
export async function inspectOnnxFile(path: string): Promise<OnnxFileInfo> {
  if (existsSync(path)) requireRegular(path);
  const bytes = await readFile(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ArtifactError(
      `cannot read model "${path}": ${reason}, give the path of an .onnx file or one of ${presetNames}`,
      { cause },
    );
  });
  const notOnnx = (reason: string, cause?: unknown) =>
    new ArtifactError(`"${path}" is not an ONNX model: ${reason}, give an .onnx file or one of ${presetNames}`, {
      cause,
    });
  let model: DecodedModel;
  try {
    model = decodeModel(bytes);
  } catch (cause) {
    throw notOnnx(`it does not parse as ModelProto (${bytes.byteLength} bytes)`, cause);
  }
  const { graph, opsetImport: opsets = [], producerName: producer = "" } = model;
  const nodes = graph?.node?.length ?? 0;
  if (nodes === 0) throw notOnnx("it has no graph with nodes");
  const main = opsets.find(({ domain }) => domain === undefined || domain === "" || domain === "ai.onnx") ?? opsets[0];
  if (main?.version === undefined) throw notOnnx("it names no opset");
  requireRegularData(path, model);
  const weightElements = new Map<number, number>();
  for (const { dims = [], dataType = 0 } of graph?.initializer ?? []) {
    const elements = dims.reduce<number>((product, size) => product * Number(size), 1);
    weightElements.set(dataType, (weightElements.get(dataType) ?? 0) + elements);
  }
  const [inputs, outputs] = [valuesOf(graph?.input), valuesOf(graph?.output)];
  return { producer, opset: Number(main.version), nodes, inputs, outputs, weightElements };
}

/** ArtifactError if the weights' path is not a file (a pipe, say): the runtime would wait for it. */
function requireRegularData(path: string, { graph }: DecodedModel): void {
  const locations = (graph?.initializer ?? []).flatMap(({ externalData = [] }) =>
    externalData.filter(({ key }) => key === "location").map(({ value }) => join(dirname(path), value ?? "")),
  );
  for (const file of new Set(locations)) if (existsSync(file)) requireRegular(file);
}

function valuesOf(values: readonly DecodedValue[] = []): ReadonlyMap<string, OnnxValue> {
  return new Map(
    values.map(({ name = "", type }) => {
      const { elemType = 0, shape } = type?.tensorType ?? {};
      // An open size decodes as dimValue 0; a fixed size of 0 has no use here.
      const dims = (shape?.dim ?? []).map(({ dimValue }) => Number(dimValue ?? 0) || undefined);
      return [name, { elemType, dims }];
    }),
  );
}
