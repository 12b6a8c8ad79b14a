/** servesim setup cuda: puts ONNX Runtime's CUDA provider in its place, and says what it does. */
import { ConfigError } from "../../formats/index.js";
import { listProviders } from "../../onnx/index.js";
import { placeProvider, providerPackage } from "../../onnx/providers/index.js";
import type { Command } from "../command.js";
import { declareFlags, parseFlags, text, toggle } from "../flags/index.js";
import { note, print } from "../printing/index.js";

const ownFlags = {
  from: text.describe("package file (.tgz) downloaded before; default: npm downloads it"),
  force: toggle.describe("install it again even if it is there"),
};

export const command: Command = {
  flags: (yargs) =>
    declareFlags(yargs.positional("what", { type: "string", describe: "cuda: the CUDA provider" }), ownFlags),
  run: async (args) => {
    if (args.what !== "cuda") throw new ConfigError(`setup ${String(args.what)}: expected "cuda"`);
    const { from, force } = parseFlags(ownFlags, args);
    const { ortVersion, bindingFolder, missingCudaFiles, backends } = await listProviders();
    if (!backends.some(({ name }) => name === "cuda")) {
      throw new ConfigError(
        `onnxruntime-node has no CUDA provider for ${process.platform}-${process.arch}, it needs linux-x64`,
      );
    }
    if (missingCudaFiles.length === 0 && !force) {
      print(`the CUDA provider is installed in ${bindingFolder}; "servesim doctor" tests it`);
      return;
    }
    const placed = await placeProvider({ source: providerPackage, ortVersion, bindingFolder, file: from, note });
    const mib = placed.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20;
    print(
      `installed the CUDA provider of ONNX Runtime ${ortVersion} (${mib.toFixed(0)} MiB). It needs CUDA ${providerPackage.cuda} ` +
        'and cuDNN 9 where the loader finds them (LD_LIBRARY_PATH); "npm ci" removes it again; "servesim doctor" tests it',
    );
  },
};
