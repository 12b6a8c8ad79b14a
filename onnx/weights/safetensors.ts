/**
 * Reads a .safetensors file: 8 bytes length, a JSON header with each tensor's type, shape and place, then the numbers,
 * little-endian. Tensors are read in pieces, never whole files. https://huggingface.co/docs/safetensors
 */
import { existsSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { z } from "zod";
import { requireRegular } from "../../formats/files/index.js";
import { ArtifactError } from "../../formats/index.js";
import { fromBfloat16, fromHalf } from "../protobuf/index.js";

/** Where a tensor lies; only types F32, F16 and BF16 can be read. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly startByte: number;
}

/** An open file; close it. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** The header as it is in the file; with size and date it identifies a checkpoint. */
  readonly header: string;
  /** Fills `into` with the tensor's numbers from element `start` on. */
  read(name: string, start: number, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/** Bytes of one number of each type that can be read. */
export const readableTypes: ReadonlyMap<string, number> = new Map([
  ["F32", 4],
  ["F16", 2],
  ["BF16", 2],
]);
const longestHeaderBytes = 100_000_000;

const entrySchema = z.looseObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/**
 * Opens the file and checks its header. Throws ArtifactError for a file that is missing, truncated or of another form.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  // Opening a pipe without a writer would block.
  if (existsSync(path)) requireRegular(path);
  const file = await open(path, "r").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ArtifactError(`cannot read weights "${path}": ${reason}, give the path of a .safetensors file`, {
      cause,
    });
  });
  try {
    const { header, dataByte, dataBytes } = await readHeader(file, path);
    const tensors = parseHeader(header, path, dataByte, dataBytes);
    const read = (name: string, start: number, into: Float32Array) => {
      const entry = tensors.get(name);
      if (entry === undefined) throw rejection(path, `it has no tensor "${name}"`);
      return readNumbers(file, path, entry, start, into);
    };
    return { tensors, header, read, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: FileHandle,
  path: string,
): Promise<{ header: string; dataByte: number; dataBytes: number }> {
  const { size } = await file.stat();
  const lengthBytes = Buffer.alloc(8);
  if (size < 8) throw rejection(path, `it has ${size} bytes, expected 8 and a header`);
  await readFully(file, path, lengthBytes, 0);
  const length = Number(lengthBytes.readBigUInt64LE());
  if (length > Math.min(size - 8, longestHeaderBytes)) {
    throw rejection(path, `its first 8 bytes promise a header of ${length} bytes in a file of ${size}`);
  }
  const header = Buffer.alloc(length);
  await readFully(file, path, header, 8);
  return { header: header.toString("utf8"), dataByte: 8 + length, dataBytes: size - 8 - length };
}

function parseHeader(
  text: string,
  path: string,
  dataByte: number,
  dataBytes: number,
): ReadonlyMap<string, SafetensorsEntry> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw rejection(path, "its header is not JSON", cause);
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(json);
  if (!parsed.success) throw rejection(path, "its header is not a JSON object");
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(parsed.data)) {
    if (name === "__metadata__") continue;
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw rejection(path, `tensor "${name}" has no dtype, shape and data_offsets`);
    const { dtype, shape: dims, data_offsets } = entry.data;
    const [begin, end] = data_offsets;
    const bytes = dims.reduce((product, size) => product * size, readableTypes.get(dtype) ?? 0);
    if (end > dataBytes) {
      throw rejection(path, `tensor "${name}" ends at byte ${end} of ${dataBytes}, the file is truncated`);
    }
    if (readableTypes.has(dtype) && end - begin !== bytes) {
      throw rejection(
        path,
        `tensor "${name}" takes ${end - begin} bytes, expected ${bytes} for ${dtype} [${dims.join(", ")}]`,
      );
    }
    tensors.set(name, { dtype, dims, startByte: dataByte + begin });
  }
  return tensors;
}

async function readNumbers(
  file: FileHandle,
  path: string,
  { dtype, startByte }: SafetensorsEntry,
  start: number,
  into: Float32Array,
): Promise<void> {
  const elementBytes = readableTypes.get(dtype);
  if (elementBytes === undefined) throw rejection(path, `numbers of type ${dtype} cannot be read`);
  const bytes = Buffer.alloc(into.length * elementBytes);
  await readFully(file, path, bytes, startByte + start * elementBytes);
  const numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === "F32") for (let i = 0; i < into.length; i++) into[i] = numbers.getFloat32(4 * i, true);
  else {
    const widen = dtype === "F16" ? fromHalf : fromBfloat16;
    for (let i = 0; i < into.length; i++) into[i] = widen(numbers.getUint16(2 * i, true));
  }
}

/** A single read may give less than it was asked for; this one does not. */
async function readFully(file: FileHandle, path: string, into: Buffer, position: number): Promise<void> {
  for (let done = 0; done < into.byteLength;) {
    const { bytesRead } = await file.read(into, done, into.byteLength - done, position + done);
    if (bytesRead === 0) throw rejection(path, `it ends at byte ${position + done}, it was cut while being read`);
    done += bytesRead;
  }
}

function rejection(path: string, reason: string, cause?: unknown): ArtifactError {
  return new ArtifactError(
    `weights "${path}" are not a sound .safetensors file: ${reason}, download or write it again`,
    {
      cause,
    },
  );
}
