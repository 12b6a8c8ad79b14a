import { Worker } from "node:worker_threads";
import { BackendError } from "../../formats/index.js";
import { WorkerThread } from "./worker-thread.js";

const thread = (code: string): WorkerThread<never, unknown> =>
  new WorkerThread(
    new Worker(`const { parentPort: port } = require("node:worker_threads"); ${code}`, { eval: true }),
    'model "m"',
  );

test("a worker that does not answer is given up after the limit, with everything that waits for it", async () => {
  const silent = thread('port.on("message", () => {});');
  const asked = [silent.send({ kind: "load" }, 20), silent.send({ kind: "load" }, 60_000)];
  for (const answer of await Promise.allSettled(asked)) {
    expect(answer).toMatchObject({ status: "rejected", reason: expect.any(BackendError) as unknown });
    expect(String((answer as PromiseRejectedResult).reason)).toMatch(/gave no answer within 0.02 s, so it hangs/);
  }
  await expect(silent.send({ kind: "load" }, 60_000)).rejects.toThrow(/it hangs/);
});

test("the limit of a command counts from the answer to the one before", async () => {
  const slow = thread('port.on("message", () => { setTimeout(() => port.postMessage({}), 50); });');
  await expect(
    Promise.all([slow.send({ kind: "load" }, 60_000), slow.send({ kind: "close" }, 60_000)]),
  ).resolves.toEqual([undefined, undefined]);
  await slow.close();
});
