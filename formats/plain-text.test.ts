import { plainLine, printable, printableJson, shortWords, wellFormed } from "./plain-text.js";

test("what a terminal obeys is taken out as a whole, what people read stays", () => {
  expect(printable("\u001b[31mred\u001b[0m \u001b]0;title\u0007\u009b2Jdone\tok\n\u202egnp.exe")).toBe(
    "red done\tok\ngnp.exe",
  );
  expect(printable("\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\ Größe 模型 🙂")).toBe("link Größe 模型 🙂");
  expect(printable("\u001b]0;never ended")).toBe("");
});

test("a line has no line ends, and megabytes are cut before they are cleaned", () => {
  expect(plainLine("a\r\nerror:  fake\u2028x")).toBe("a error: fake x");
  expect(plainLine("x".repeat(10_000_000), 5)).toBe("xxxxx...");
  expect(plainLine("ab🙂", 3)).toBe("ab\ufffd...");
});

test("words of thousands of characters are cut in the middle, lines of many words stay", () => {
  expect(shortWords(`cannot read ${"x".repeat(5000)}.json: no such file`)).toMatch(
    /^cannot read x{200}\.\.\.x+\.json: no such file$/,
  );
  expect(shortWords("word ".repeat(1000))).toBe("word ".repeat(1000));
});

test("halves of characters become U+FFFD, whole ones stay", () => {
  expect(wellFormed("a\ud800b\udfff🙂\ud83d")).toBe("a\ufffdb\ufffd🙂\ufffd");
});

test("JSON that was made printable is the same value", () => {
  const value = { name: "a\u009b2J\u202e\u007f\u001b[2J" };
  const json = printableJson(JSON.stringify(value));
  expect(json).toBe('{"name":"a\\u009b2J\\u202e\\u007f\\u001b[2J"}');
  expect(JSON.parse(json)).toEqual(value);
});
