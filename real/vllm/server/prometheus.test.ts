import { parsePrometheus } from "./prometheus.js";

test("labels are kept, of histograms too", () => {
  const text = [
    "# HELP a_seconds Help with {braces} and 1.0",
    "# TYPE a_seconds histogram",
    'a_seconds_bucket{engine="0",le="0.3",model_name="m"} 4.0',
    'a_seconds_bucket{engine="0",le="+Inf",model_name="m"} 6.0',
    'a_seconds_count{engine="0",model_name="m"} 6.0',
    "",
    "plain 1.795e+09",
  ].join("\n");
  const found = parsePrometheus(text);
  expect([...found.keys()]).toEqual(["a_seconds_bucket", "a_seconds_count", "plain"]);
  expect(found.get("a_seconds_bucket")!.map(({ labels, value }) => [labels.get("le"), value])).toEqual([
    ["0.3", 4],
    ["+Inf", 6],
  ]);
  expect(found.get("plain")).toEqual([{ labels: new Map(), value: 1.795e9 }]);
});

test("quotes, backslashes, line breaks, commas and braces in a label value", () => {
  const [sample] = parsePrometheus('x{ path = "C:\\\\a \\"b\\"", other="1,2}\\n3", } 5').get("x")!;
  expect(Object.fromEntries(sample!.labels)).toEqual({ path: 'C:\\a "b"', other: "1,2}\n3" });
});

test("infinity, not-a-number, timestamps and exemplars", () => {
  const found = parsePrometheus(
    'up +Inf\r\ndown -Inf\r\nodd NaN 1700000000000\nb{le="1"} 3 # {trace_id="t"} 0.5 1.0\n',
  );
  expect(["up", "down", "odd", "b"].map((name) => found.get(name)![0]!.value)).toEqual([Infinity, -Infinity, NaN, 3]);
});

test("with names asked for, other lines are not even parsed", () => {
  const text = "good 1\nbad line here\n";
  expect([...parsePrometheus(text, new Set(["good"])).keys()]).toEqual(["good"]);
  expect(() => parsePrometheus(text)).toThrow('metrics line 2: got "bad line here", expected a number after the name');
});

test.each(['x{a="1" 2', 'x{a="1} 2', "x{a=1} 2", 'x{a="\\q"} 1', "x", "<html>"])(
  "rejects %s and names the line",
  (line) => {
    expect(() => parsePrometheus(`ok 1\n${line}`)).toThrow("metrics line 2");
  },
);
