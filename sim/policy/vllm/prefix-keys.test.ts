import fc from "fast-check";
import { PrefixKeys, ROOT_KEY } from "./prefix-keys.js";

describe("prefix keys", () => {
  it("are equal exactly when everything up to the block's end is", () => {
    const keys = new PrefixKeys();
    const [a, b] = [keys.ofRun(ROOT_KEY, 7), keys.ofRun(ROOT_KEY, 8)];
    expect(keys.ofRun(ROOT_KEY, 7)).toBe(a);
    expect(new Set([a, b, keys.ofRun(a, 7), keys.ofRun(b, 7), keys.ofText(a, "7*3,8*1"), keys.fresh()]).size).toBe(6);
    expect(keys.ofText(a, "7*3,8*1")).toBe(keys.ofText(a, "7*3,8*1"));
  });

  it("tell apart token ids beyond 32 bits", () => {
    const keys = new PrefixKeys();
    const large = 2 ** 40 + 5;
    expect(keys.ofRun(ROOT_KEY, large)).toBe(keys.ofRun(ROOT_KEY, large));
    expect(keys.ofRun(ROOT_KEY, large)).not.toBe(keys.ofRun(ROOT_KEY, 5));
  });

  it("live as long as something holds them or a longer key", () => {
    const keys = new PrefixKeys();
    const parent = keys.ofRun(ROOT_KEY, 1);
    const child = keys.ofText(parent, "2*1,3*3");
    keys.release(parent);
    expect(keys.live).toBe(2);
    keys.release(child);
    expect(keys.live).toBe(0);
  });

  it("agree with a plain map through any making and releasing", () => {
    const action = fc.record({ parent: fc.nat(20), token: fc.nat(6), releases: fc.boolean(), pick: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
        const keys = new PrefixKeys();
        /** Paths of token ids that the test holds, and the key of each. */
        const held: { path: string; key: number }[] = [];
        for (const { parent, token, releases, pick } of actions) {
          if (releases && held.length > 0) {
            keys.release(held.splice(pick % held.length, 1)[0]!.key);
          } else {
            const under = held[parent];
            const key = keys.ofRun(under?.key ?? ROOT_KEY, token);
            held.push({ path: `${under?.path ?? ""}/${token}`, key });
          }
          const byPath = new Map(held.map(({ path, key }) => [path, key]));
          for (const { path, key } of held) expect(byPath.get(path)).toBe(key);
          expect(new Set(byPath.values()).size).toBe(byPath.size);
        }
        for (const { key } of held) keys.release(key);
        expect(keys.live).toBe(0);
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it("find every one of many, and all are gone when they are released", () => {
    const keys = new PrefixKeys();
    const made: number[] = [];
    for (let token = 0; token < 5000; token++) made.push(keys.ofRun(made[token - 1] ?? ROOT_KEY, token % 3));
    expect(new Set(made).size).toBe(5000);
    for (let token = 0; token < 5000; token++)
      expect(keys.ofRun(made[token - 1] ?? ROOT_KEY, token % 3)).toBe(made[token]);
    for (const key of [...made, ...made]) keys.release(key);
    expect(keys.live).toBe(0);
  });
});
