/** The number in a picture, by the layout of `heaters/media/barcode.py`. */

const [CELL, LEFT, BELOW, REFERENCE] = [16, 16, 16, 720];
const BITS = 16;
const CELLS = 2 + BITS + 4;
const LEAST_CONTRAST = 55;

function checksum(number: number): number {
  return (number * 7 + (number >> 4) * 3 + (number >> 8) * 5 + (number >> 12) + 9) & 0xf;
}

/** The frame number in a picture whose upper left corner is at `left`, `top` of a canvas; -1 where there is none. */
export function readNumber(canvas: HTMLCanvasElement, height = canvas.height, left = 0, top = 0): number {
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return -1;
  const scale = height / REFERENCE;
  const row = Math.round((REFERENCE - BELOW - CELL / 2) * scale);
  const reach = Math.max(1, Math.round((CELL * scale) / 6));
  const width = Math.ceil((LEFT + CELLS * CELL) * scale);
  const { data } = context.getImageData(left, top + row - reach, width, 2 * reach);
  const levels = Array.from({ length: CELLS }, (_, cell) => {
    const x = Math.round((LEFT + (cell + 0.5) * CELL) * scale);
    let sum = 0;
    for (let y = 0; y < 2 * reach; y++) for (let dx = -reach; dx < reach; dx++) sum += data[4 * (y * width + x + dx) + 1] ?? 0;
    return sum / (4 * reach * reach);
  });
  const [white = 0, black = 0] = levels;
  if (white - black < LEAST_CONTRAST) return -1;
  const bits = levels.slice(2).map((level) => (level > (white + black) / 2 ? "1" : "0")).join("");
  const number = parseInt(bits.slice(0, BITS), 2);
  return parseInt(bits.slice(BITS), 2) === checksum(number) ? number : -1;
}
