/** servesim calibrate: the command of the engine that is named. */
import type { Command } from "../../command.js";

async function ofEngine(): Promise<Command> {
  const { command } = process.argv.slice(3).includes("vllm") ? await import("./vllm.js") : await import("./onnx.js");
  return command;
}

export const command: Command = {
  flags: async (yargs) => (await ofEngine()).flags!(yargs),
  run: async (args) => (await ofEngine()).run(args),
};
