// Runs many command lines in one process, one after another: { folder, env, words } as JSON on stdin, a line each; what each came
// to as a line of JSON on stdout, once a process of its own would have ended. A process for each takes half a second.
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { runCommandLine } from "../../dist/cli/command-line.cjs";

const { stdout, stderr } = process;
const write = stdout.write.bind(stdout);
const said = { stdout: "", stderr: "" };
for (const [name, stream] of Object.entries({ stdout, stderr })) {
  stream.write = (text) => {
    said[name] += text;
    return true;
  };
}

/** How many things would keep this process alive. */
const kept = () => process.getActiveResourcesInfo().length;

for await (const line of createInterface({ input: process.stdin })) {
  const { folder, env, words } = JSON.parse(line);
  Object.assign(said, { stdout: "", stderr: "" });
  process.argv.splice(2, Infinity, ...words);
  process.chdir(folder);
  Object.assign(process.env, env);
  const before = kept();
  const code = await runCommandLine();
  while (kept() > before) await setTimeout(5, undefined, { ref: false });
  for (const name of Object.keys(env)) delete process.env[name];
  write(`${JSON.stringify({ code, signal: null, ...said, peakMib: process.resourceUsage().maxRSS / 1024 })}\n`);
}
