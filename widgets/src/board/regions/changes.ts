/** What a region has drawn last, so that it draws again only what is different. */

export class Changes {
  #last: readonly unknown[] | null = null;

  /** True at first, and whenever one of these values is another than last time. */
  some(...now: readonly unknown[]): boolean {
    const last = this.#last;
    this.#last = now;
    return last === null || now.some((value, place) => !Object.is(value, last[place]));
  }

  /** The next question is answered with true. */
  forget(): void {
    this.#last = null;
  }
}
