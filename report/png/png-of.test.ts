import { pngOf } from "./index.js";

test("a chart is a PNG of twice its size, with its text", async () => {
  const svg = (text: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><text y="15" font-family="No Such Font, sans-serif">${text}</text></svg>`;
  const png = Buffer.from(await pngOf(svg("abc")));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([120, 40]);
  expect(Buffer.from(await pngOf(svg(""))).equals(png)).toBe(false);
});
