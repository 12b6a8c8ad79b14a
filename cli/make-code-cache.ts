/** The last step of the build: runs short commands and keeps what V8 has compiled of them, which is what most commands begin with. */
import type * as CommandLine from "./command-line.js";
import { BundleLoader } from "./code-cache.js";

const commands = [
  "profiles list",
  "simulate --policy vllm --profile h100-llama-3.1-8b-vllm-0.26 --dataset-name fixed --input-len 100 --output-len 20 --num-prompts 9",
  "simulate --policy naive --profile mini-cpu-2core --num-prompts 9 --json",
];

async function makeCodeCache(): Promise<void> {
  const loader = new BundleLoader();
  loader.load("cli/program.cjs");
  const { runCommandLine } = loader.load("cli/command-line.cjs") as typeof CommandLine;
  for (const command of commands) {
    process.argv = [...process.argv.slice(0, 2), ...command.split(" ")];
    const code = await runCommandLine();
    if (code !== 0) throw new Error(`servesim ${command} ended with ${code}`);
  }
  loader.save();
}

void makeCodeCache();
