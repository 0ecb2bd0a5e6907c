/** Pictures that look like shots of a film, drawn from the frame number alone. */

import type { Pictures } from "../../src/board/regions/region.ts";

const [WIDTH, HEIGHT] = [1280, 720];

/** The first frames of shots; dissolves and near-equal shots are among them, as in a real source. */
export class Footage {
  readonly #cuts: readonly number[];
  readonly #aspect: number;

  constructor(cuts: readonly number[], aspect = WIDTH / HEIGHT) {
    this.#cuts = cuts;
    this.#aspect = aspect;
  }

  paint(canvas: HTMLCanvasElement, frame: number): void {
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) return;
    const shot = this.#cuts.filter((cut) => cut <= frame).length - 1;
    const [wide, high] = [canvas.width, canvas.height];
    const hue = (shot * 67 + 20) % 360;
    const sky = context.createLinearGradient(0, 0, 0, high);
    sky.addColorStop(0, `hsl(${hue} 45% ${28 + ((shot * 13) % 30)}%)`);
    sky.addColorStop(0.62, `hsl(${(hue + 40) % 360} 40% 62%)`);
    sky.addColorStop(0.63, `hsl(${(hue + 180) % 360} 25% 30%)`);
    sky.addColorStop(1, `hsl(${(hue + 190) % 360} 30% 14%)`);
    context.fillStyle = sky;
    context.fillRect(0, 0, wide, high);
    const since = frame - (this.#cuts[shot] ?? 0);
    for (let figure = 0; figure < 4; figure += 1) {
      const x = wide * (((shot * 0.37 + figure * 0.29) % 1) + since * 0.0012 * (figure - 1.5));
      const size = high * (0.12 + ((shot * 3 + figure * 5) % 7) * 0.04);
      context.fillStyle = `hsl(${(hue + figure * 80) % 360} 50% ${25 + figure * 14}%)`;
      context.beginPath();
      context.arc(x, high * 0.62 - size * 1.3, size * 0.45, 0, 7);
      context.fill();
      context.fillRect(x - size * 0.6, high * 0.62 - size, size * 1.2, size * 1.6);
    }
  }

  pictures(): Pictures {
    const make = (frame: number, width: number) => {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = Math.round(width / this.#aspect);
      this.paint(canvas, frame);
      return canvas;
    };
    return {
      picture: (frame, width) => Promise.resolve(make(frame, width)),
      each: async (frames, width, drawn, signal) => {
        for (const frame of frames) {
          await Promise.resolve();
          if (signal.aborted) return;
          drawn(frame, make(frame, width));
        }
      },
    };
  }
}
