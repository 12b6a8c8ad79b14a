/**
 * Looks at an .onnx file that the user names. Only models built here can run for now, so a sound file of someone else's
 * is refused as well, with another message than a file that is no ONNX model at all.
 */
import { readFile } from "node:fs/promises";
import { ArtifactError, ConfigError } from "../../formats/index.js";
import { decodeModel, type DecodedModel } from "./onnx-proto.js";
import { presetNames } from "./shape.js";

/** What an ONNX file says of itself. */
interface OnnxFileInfo {
  readonly producer: string;
  readonly opset: number;
  readonly nodes: number;
}

/** Reads the file's header and graph. Throws ArtifactError for a file that is missing or no ONNX model. */
async function readOnnxFileInfo(path: string): Promise<OnnxFileInfo> {
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
  const nodes = model.graph?.node?.length ?? 0;
  if (nodes === 0) throw notOnnx("it has no graph with nodes");
  const opsets = model.opsetImport ?? [];
  const main = opsets.find(({ domain }) => domain === undefined || domain === "" || domain === "ai.onnx") ?? opsets[0];
  if (main?.version === undefined) throw notOnnx("it names no opset");
  return { producer: model.producerName ?? "", opset: Number(main.version), nodes };
}

/** Refuses `--model PATH.onnx`: ArtifactError where the file is no ONNX model, ConfigError where it is one. */
export async function inspectOnnxFile(path: string): Promise<never> {
  const { producer, opset, nodes } = await readOnnxFileInfo(path);
  throw new ConfigError(
    `model "${path}" is an ONNX file by "${producer}" (opset ${opset}, ${nodes} nodes), and models exported elsewhere are not ` +
      `supported yet: expected one of ${presetNames}`,
  );
}
