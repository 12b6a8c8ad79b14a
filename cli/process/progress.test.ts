import { startProgress } from "./progress.js";

test("without a terminal there is a line now and then, with the time left at the pace since the count last fell", () => {
  const written: string[] = [];
  const { stderr } = process;
  const [uptime, write] = [process.uptime.bind(process), stderr.write.bind(stderr)];
  const term = process.env.TERM;
  process.env.TERM = "dumb";
  stderr.write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
  let nowS = 0;
  process.uptime = () => nowS;
  try {
    const progress = startProgress("requests");
    const at = (seconds: number, done: number, label = ""): void => {
      nowS = seconds;
      progress.update(done, 100, label);
    };
    at(0, 0);
    at(10, 10);
    at(12, 12, "too soon for a line");
    at(20, 20, "first try");
    // Ten of them again.
    at(20.5, 10);
    at(31, 21);
    expect(written.map((line) => line.trim())).toEqual([
      "requests 10/100, 90 s left",
      "requests 20/100 first try, 80 s left",
      "requests 21/100, 73 s left",
    ]);
  } finally {
    if (term === undefined) delete process.env.TERM;
    else process.env.TERM = term;
    process.uptime = uptime;
    stderr.write = write;
  }
});
