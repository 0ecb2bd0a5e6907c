/** One view of a `ReviewBoard`: logic and looks, put together. */

import { element } from "../view/element.ts";
import { BoardView } from "./boardView.ts";
import { type BoardModel, type MountedBoard, mountBoard } from "./mount.ts";

export class BoardWidget {
  #closed = false;
  #off: (() => void) | null = null;
  #mounted: MountedBoard | null = null;
  #view: BoardView | null = null;

  /** `page`: the board is all of the page. */
  constructor(host: HTMLElement, model: BoardModel, baseUrl: string, page: boolean) {
    void this.#open(host, model, baseUrl, page);
  }

  dispose(): void {
    this.#closed = true;
    this.#off?.();
    this.#mounted?.dispose();
    this.#view?.dispose();
  }

  async #open(host: HTMLElement, model: BoardModel, baseUrl: string, page: boolean): Promise<void> {
    const canvas = element("canvas", { width: 1280, height: 720, role: "img", "aria-label": "picture" });
    const mounted = await mountBoard(model, canvas, baseUrl, () => this.#view?.edit("note"));
    if (this.#closed) return mounted.dispose();
    const { board, pictures } = mounted;
    const view = new BoardView({ canvas, acts: board, pictures, page });
    [this.#mounted, this.#view] = [mounted, view];
    host.append(view.element);
    mounted.listen(view.element);
    view.update(board.state);
    this.#off = board.subscribe((state) => view.update(state));
    board.start();
    if (page) view.focus();
  }
}
