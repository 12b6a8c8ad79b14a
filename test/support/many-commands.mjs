// Runs many command lines in one process, one after another: JSON arrays of words on stdin, a line each; what each came to as
// a line of JSON on stdout. For commands that end at once: a process for each takes half a second.
import { createInterface } from "node:readline";
import { runCommandLine } from "../../dist/cli/command-line.js";

const { stdout, stderr } = process;
const write = stdout.write.bind(stdout);
const said = { stdout: "", stderr: "" };
for (const [name, stream] of Object.entries({ stdout, stderr })) {
  stream.write = (text) => {
    said[name] += text;
    return true;
  };
}
for await (const line of createInterface({ input: process.stdin })) {
  Object.assign(said, { stdout: "", stderr: "" });
  process.argv.splice(2, Infinity, ...JSON.parse(line));
  const code = await runCommandLine();
  write(`${JSON.stringify({ code, signal: null, ...said })}\n`);
}
