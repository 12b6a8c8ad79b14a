/** An SVG as PNG through resvg, with a font of this machine: none is bundled. */
import { ConfigError } from "../../formats/index.js";

/** So many pixels for each px of the SVG. */
const ZOOM = 2;
/** The charts' own fonts first where they are installed, else any sans-serif that is. */
const FALLBACK = "DejaVu Sans";
const probe =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="8" font-family="sans-serif">x</text></svg>';

/** Twice as many pixels as the SVG has px. ConfigError where the machine has no font, since the picture would have no text. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const font = { loadSystemFonts: true, defaultFontFamily: FALLBACK, sansSerifFamily: FALLBACK };
  if (new Resvg(probe, { font }).getBBox() === undefined) {
    throw new ConfigError(
      "--png: no font that servesim can use is installed on this machine, a PNG would have no text; install one (apt-get install fonts-dejavu-core), or use the SVG",
    );
  }
  return new Resvg(svg, { font, fitTo: { mode: "zoom", value: ZOOM }, background: "#ffffff" }).render().asPng();
}
