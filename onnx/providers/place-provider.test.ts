import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placeProvider, providerFiles, type PlaceOptions } from "./index.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-provider-"));
  mkdirSync(join(folder, "binding"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A package file with the libraries' names in it, and the options to place it. */
function build(overrides: Partial<PlaceOptions> = {}): { options: PlaceOptions; notes: string[] } {
  const inside = join(folder, "package", "libs");
  mkdirSync(inside, { recursive: true });
  for (const name of providerFiles) writeFileSync(join(inside, name), `library ${name}`);
  const file = join(folder, "provider.tgz");
  execFileSync("tar", ["-czf", file, "-C", folder, "package"]);
  const sha512 = createHash("sha512").update(readFileSync(file)).digest("base64");
  const source = {
    name: "provider",
    version: "1.0.0",
    ortVersion: "1.29.0",
    cuda: "13",
    sha512,
    folder: "package/libs",
  };
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line);
  const bindingFolder = join(folder, "binding");
  return { options: { source, ortVersion: "1.29.0", bindingFolder, file, note, ...overrides }, notes };
}

test("both libraries are placed, and it says what was done", async () => {
  const { options, notes } = build();
  const placed = await placeProvider(options);
  expect(placed.map(({ bytes }) => bytes)).toEqual(providerFiles.map((name) => `library ${name}`.length));
  expect(readdirSync(options.bindingFolder).sort()).toEqual([...providerFiles].sort());
  expect(readFileSync(join(options.bindingFolder, providerFiles[0]), "utf8")).toBe(`library ${providerFiles[0]}`);
  expect(notes).toHaveLength(3);
});

test("a damaged package is rejected, and nothing is placed", async () => {
  const { options } = build();
  writeFileSync(options.file!, Buffer.concat([readFileSync(options.file!), Buffer.from([0])]));
  await expect(placeProvider(options)).rejects.toThrow(/is not provider@1.0.0, or is damaged: SHA-512/);
  expect(readdirSync(options.bindingFolder)).toEqual([]);
});

test("libraries of another version of ONNX Runtime are rejected", async () => {
  const { options } = build({ ortVersion: "1.30.0" });
  await expect(placeProvider(options)).rejects.toThrow("they must be the same version");
});

test("a file that is not there, and a folder that cannot be written, are named", async () => {
  await expect(placeProvider(build({ file: join(folder, "none.tgz") }).options)).rejects.toThrow(
    "none.tgz: no such file",
  );
  const missing = join(folder, "no", "such");
  await expect(placeProvider(build({ bindingFolder: missing }).options)).rejects.toThrow(/cannot write .*such/);
});
