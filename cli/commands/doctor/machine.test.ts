import { BackendError } from "../../../formats/index.js";
import { gpuRun } from "./machine.js";

const of = (equalTokens: number, equalRows: number) => () =>
  Promise.resolve({ tokens: 64, equalTokens, rows: 4, equalRows });

test("a GPU that gives the CPU's tokens is ok, one that flips a near tie too, one that gives others is not", async () => {
  expect(await gpuRun(of(64, 4))).toMatchObject({ state: "ok", detail: expect.stringContaining("64 of 64") as string });
  expect(await gpuRun(of(55, 3))).toMatchObject({ state: "ok" });
  const wrong = await gpuRun(of(9, 0));
  expect(wrong.state).toBe("missing");
  expect(wrong.detail).toContain("9 of 64 tokens and 0 of 4 rows: too few");
});

test("a GPU that cannot run is reported with the backend's own message", async () => {
  const finding = await gpuRun(() => Promise.reject(new BackendError("libcudart.so.13 is missing")));
  expect(finding).toEqual({ what: "CUDA run", state: "missing", detail: "libcudart.so.13 is missing" });
});

test("a mistake of ours is no finding", async () => {
  await expect(gpuRun(() => Promise.reject(new TypeError("x is undefined")))).rejects.toThrow(TypeError);
});
