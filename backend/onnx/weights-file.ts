/**
 * Writes weights.bin: seeded noise, one tensor after the other, never more than one chunk (4 MiB) in memory.
 * Each tensor has a stream of its own: alea(`${seed}/${tensor}`) seeds a xorshift32 generator (Marsaglia 2003, 13/17/5),
 * about 1.5 ns a number, so that writing gpt2-xl (1.5 G weights) is bound by the disk and not by the generator.
 */
import { open } from "node:fs/promises";
import seedrandom from "seedrandom";
import { weightsFileBytes, type WeightTensor } from "./gpt2-weights.js";

const chunkElements = 1 << 20;

/** Bytes on disk so far, out of all that will be written. */
export interface BuildProgress {
  readonly writtenBytes: number;
  readonly totalBytes: number;
}

/** Writes all tensors to a new file at their offsets; the same seed gives the same bytes on every machine. */
export async function writeWeightsFile(
  path: string,
  tensors: readonly WeightTensor[],
  seed: number,
  onProgress?: (progress: BuildProgress) => void,
): Promise<void> {
  const totalBytes = weightsFileBytes(tensors);
  const chunk = new Float32Array(chunkElements);
  const bytes = new Uint8Array(chunk.buffer);
  const file = await open(path, "wx");
  try {
    for (const tensor of tensors) {
      let state = streamSeed(seed, tensor.name);
      for (let done = 0; done < tensor.elements; done += chunkElements) {
        const count = Math.min(chunkElements, tensor.elements - done);
        state = fillNoise(chunk, count, state, tensor);
        const at = tensor.offsetBytes + done * Float32Array.BYTES_PER_ELEMENT;
        await writeFully(file, bytes.subarray(0, count * Float32Array.BYTES_PER_ELEMENT), at);
        onProgress?.({ writtenBytes: at + count * Float32Array.BYTES_PER_ELEMENT, totalBytes });
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A state for xorshift32, which must not be 0. */
function streamSeed(seed: number, tensorName: string): number {
  return seedrandom.alea(`${seed}/${tensorName}`).int32() || 1;
}

/** Fills `count` numbers, uniform with the tensor's mean and deviation, and returns the generator's next state. */
function fillNoise(chunk: Float32Array, count: number, state: number, tensor: WeightTensor): number {
  // int32 / 2^31 is uniform in [-1, 1), whose deviation is 1 / sqrt(3).
  const scale = (tensor.deviation * Math.sqrt(3)) / 2 ** 31;
  const { mean } = tensor;
  let x = state;
  for (let i = 0; i < count; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    chunk[i] = mean + x * scale;
  }
  return x;
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
