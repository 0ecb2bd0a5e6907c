/** JPEG sheets that hold every frame of the film as a cell. */

import { readNumber } from "./barcode.ts";
import { context2d, stageCanvas, type Contestant, type FilmFacts } from "./contestant.ts";

export class SheetPeer implements Contestant {
  readonly #loaded = new Map<number, Promise<HTMLImageElement>>();
  #film!: FilmFacts["sheets"];
  #canvas!: HTMLCanvasElement;

  async open({ sheets, show }: FilmFacts): Promise<void> {
    this.#film = sheets;
    this.#canvas = stageCanvas(...sheets.cell);
    void show;
  }

  async seek(frame: number): Promise<void> {
    const { frames, columns, cell: [width, height] } = this.#film;
    const image = await this.#sheet(Math.floor(frame / frames));
    const [row, column] = [Math.floor((frame % frames) / columns), frame % columns];
    context2d(this.#canvas).drawImage(image, column * width, row * height, width, height, 0, 0, width, height);
  }

  number(): number {
    return readNumber(this.#canvas);
  }

  #sheet(number: number): Promise<HTMLImageElement> {
    const coming = this.#loaded.get(number) ?? load(this.#film.urls[number] ?? "");
    this.#loaded.set(number, coming);
    return coming;
  }
}

async function load(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
