import { inPolicyOrder, policyLooks } from "./palette.js";

describe("policyLooks", () => {
  it("gives the built-in policies their fixed colours, whatever else is there", () => {
    const alone = policyLooks(["vllm"]).get("vllm")!;
    expect(policyLooks(["zeta", "naive", "vllm", "dynamic"]).get("vllm")).toBe(alone);
    expect(alone.colour).toBe("#009e73");
  });

  it("gives nine policies nine colours", () => {
    const names = ["naive", "dynamic", "vllm", "a", "b", "c", "d", "e", "f"];
    expect(new Set([...policyLooks(names).values()].map((look) => look.colour)).size).toBe(9);
  });

  it("does not depend on the order of the names", () => {
    const names = ["b", "vllm", "a", "constructor", "naive"];
    expect([...policyLooks(names)]).toEqual([...policyLooks([...names].reverse())]);
  });

  it("puts the built-in policies first", () => {
    expect(inPolicyOrder(["other 10", "vllm", "other 9", "naive"])).toEqual(["naive", "vllm", "other 9", "other 10"]);
  });
});
