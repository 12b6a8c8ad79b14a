import { ConfigError } from "../../formats/index.js";
import { pngOf } from "./index.js";

const svg = (text: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><text y="15" font-family="No Such Font, sans-serif">${text}</text></svg>`;

test("a chart is a PNG of twice its size, with its text; a machine without fonts is told so", async () => {
  const made = await pngOf(svg("abc")).catch((error: unknown) => error);
  if (made instanceof Error) {
    expect(made).toBeInstanceOf(ConfigError);
    expect(made.message).toMatch(/^--png: no font that servesim can use is installed on this machine/);
    return;
  }
  const png = Buffer.from(made as Uint8Array);
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([120, 40]);
  expect(Buffer.from(await pngOf(svg(""))).equals(png)).toBe(false);
});
