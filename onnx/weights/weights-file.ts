/** Writes weights.bin: one tensor after the other, never more than one chunk (4 MiB) in memory. */
import { open } from "node:fs/promises";
import { toHalf } from "../protobuf/index.js";
import { precisionBytes, type Precision } from "../spec/index.js";
import type { WeightSource } from "./weight-sources.js";
import { weightsFileBytes, type WeightTensor } from "./weight-table.js";

const chunkElements = 1 << 20;

/** Bytes on disk so far, out of all that will be written. */
export interface BuildProgress {
  readonly writtenBytes: number;
  readonly totalBytes: number;
}

/** Writes all tensors to a new file at their offsets, in each one's precision. */
export async function writeWeightsFile(
  path: string,
  tensors: readonly WeightTensor[],
  source: WeightSource,
  onProgress?: (progress: BuildProgress) => void,
): Promise<void> {
  const totalBytes = weightsFileBytes(tensors);
  const chunk = new Float32Array(chunkElements);
  const file = await open(path, "wx");
  try {
    for (const tensor of tensors) {
      for (let done = 0; done < tensor.elements; done += chunkElements) {
        const part = chunk.subarray(0, Math.min(chunkElements, tensor.elements - done));
        await source.fill(tensor, done, part);
        const bytes = encode(part, tensor.precision);
        const at = tensor.offsetBytes + done * precisionBytes[tensor.precision];
        await writeFully(file, bytes, at);
        onProgress?.({ writtenBytes: at + bytes.byteLength, totalBytes });
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function encode(numbers: Float32Array, precision: Precision): Uint8Array {
  if (precision === "fp32") return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return new Uint8Array(Uint16Array.from(numbers, toHalf).buffer);
}

/** A single write may take less than it was given (2 GiB limit, signals); this one does not. */
async function writeFully(
  file: { write(b: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> },
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    done += (await file.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten;
  }
}
