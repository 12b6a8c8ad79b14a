import { waitUntilQuiet } from "./quiet.js";

async function wait(cores: readonly number[], waitS: number) {
  const told: string[] = [];
  let at = 0;
  const isQuiet = await waitUntilQuiet({
    waitS,
    signal: new AbortController().signal,
    reporter: { note: (line) => told.push(line), warn: (line) => told.push(line) },
    sampleCores: () => Promise.resolve(cores[Math.min(at++, cores.length - 1)]!),
  });
  return { isQuiet, told, samples: at };
}

test("three quiet seconds in a row are enough, and a disturbance begins the count again", async () => {
  expect(await wait([0.1], 60)).toEqual({ isQuiet: true, told: [], samples: 3 });
  const disturbed = await wait([0, 0, 1.2, 0, 0, 0], 60);
  expect(disturbed).toMatchObject({ isQuiet: true, samples: 6 });
});

test("a machine that does not become quiet is reported, and the work goes on", async () => {
  const { isQuiet, told, samples } = await wait([1.5], 10);
  expect({ isQuiet, samples }).toEqual({ isQuiet: false, samples: 10 });
  expect(told).toEqual([
    "other processes use 1.5 cores; waiting until they do not",
    "after 10 s other processes are still at work; going on anyway",
  ]);
});

test("without a wait nothing is looked at", async () => {
  expect(await wait([1.5], 0)).toEqual({ isQuiet: false, told: [], samples: 0 });
});
