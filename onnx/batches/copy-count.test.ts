import { CopyCount } from "./copy-count.js";

test("copies are summed over batches and told as a share of their time", () => {
  const count = new CopyCount();
  count.add({ startNs: 0, endNs: 1e6, cacheCopies: { bytes: 2 ** 20, costNs: 1e5 } });
  count.add({ startNs: 2e6, endNs: 3e6, cacheCopies: { bytes: 2 ** 20, costNs: 3e5 } });
  expect(count.describe()).toEqual([expect.stringMatching(/: 2 MiB copied, about 20 % of the time/)]);
});

test("a model that keeps its cache inside has nothing to tell", () => {
  const count = new CopyCount();
  count.add({ startNs: 0, endNs: 1e6 });
  expect(count.describe()).toEqual([]);
});
