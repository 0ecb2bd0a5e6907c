/** A part of the board, and what all parts are given. */

import type { Thumbnails } from "../../thumbnails.ts";
import type { BoardActs, BoardState } from "../state.ts";

export interface Region {
  readonly element: HTMLElement;
  /** Draws what is different; called for every frame while playing, so what is the same has to cost nothing. */
  update(state: BoardState): void;
}

/** Small pictures of the source on show. */
export type Pictures = Pick<Thumbnails, "picture" | "each">;

export interface Surroundings {
  acts: BoardActs;
  /** Of the source on show; another object for another source, null while there is none. */
  pictures(): Pictures | null;
  /** Gives the keys back to the board. */
  focus(): void;
}
