import { expandCpuList, pinProcess, type PinningSystem } from "./pin.js";

function system(allowed: string | undefined, isForbidden = false): PinningSystem & { readonly set: string[] } {
  const set: string[] = [];
  return {
    set,
    allowedCpus: () => allowed,
    setCpus: (list) => {
      set.push(list);
      return isForbidden ? Promise.reject(new Error("not permitted")) : Promise.resolve();
    },
  };
}

test("fewer threads than CPUs are kept on the first of them, and the rest is given back", async () => {
  const machine = system("0-2,8");
  const pinning = await pinProcess(2, machine);
  expect(pinning).toMatchObject({ cpus: "0,1", isPinned: true });
  await pinning.release();
  expect(machine.set).toEqual(["0,1", "0-2,8"]);
});

test("a process that uses every CPU, or may not be moved, or cannot know, is left as it is", async () => {
  const busy = system("0-1");
  expect(await pinProcess(2, busy)).toMatchObject({ cpus: "0-1", isPinned: false });
  expect(busy.set).toEqual([]);
  expect(await pinProcess(1, system("0-1", true))).toMatchObject({ cpus: "0-1", isPinned: false });
  expect((await pinProcess(1, system(undefined))).isPinned).toBe(false);
});

test("CPU lists are read as the system writes them", () => {
  expect(expandCpuList("0-2,8")).toEqual([0, 1, 2, 8]);
  expect(expandCpuList("3")).toEqual([3]);
});
