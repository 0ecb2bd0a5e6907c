/**
 * What a person would do with the player on the page, and what is then to be seen: the steps of the tests that are not
 * driven by Playwright. An expression; whoever sends it to a browser puts `readNumber` and `bits` before it.
 */
({
  /** Until the first frame is on the canvas, or a minute is over. */
  async ready(name) {
    await this.until(() => this.root?.dataset.status === "ready" && Number(this.root.dataset.frame) >= 0, 60, "ready");
    if (name) await this.until(() => this.root.querySelector(".hp-name").textContent.includes(name), 30, `on ${name}`);
  },

  /** Choose a film, and go to frames of it: `{kind, found: {frame: number on the canvas}}`. */
  async seeks({ index, name, wanted }) {
    await this.ready();
    const list = document.querySelector("select");
    // What it says of the film before is no answer.
    if (list.selectedIndex !== index) delete this.root.dataset.frame;
    list.selectedIndex = index;
    list.dispatchEvent(new Event("change", { bubbles: true }));
    await this.ready(name);
    const found = {};
    for (const frame of wanted) found[frame] = await this.seek(frame);
    return { kind: this.root.querySelector(".hp-kind").textContent, found };
  },

  async seek(frame) {
    const line = this.root.querySelector("input[type=range]");
    line.value = frame;
    line.dispatchEvent(new Event("input"));
    await this.until(() => this.root.dataset.frame === String(frame), 20, `at frame ${frame}`);
    return this.number();
  },

  /** What is painted until playing has come back to its start and `more` pictures on: `[frame, number on the canvas]`. */
  async played({ more }) {
    const seen = [];
    const laps = () => seen.findIndex(([frame], at) => at > 0 && frame < seen[at - 1][0]);
    const done = () => {
      const frame = Number(this.root.dataset.frame);
      if (frame !== seen.at(-1)?.[0]) seen.push([frame, this.number()]);
      return laps() >= 0 && seen.length > laps() + more;
    };
    await this.until(done, 30, "a second lap").catch((error) => seen.push(String(error.message)));
    return seen;
  },

  /** What is on the canvas some time after a pause: `[frame, number]`. `shown` holds the numbers of all frames. */
  async paused({ shown }) {
    const agrees = () => shown[Number(this.root.dataset.frame)] === this.number();
    await this.until(agrees, 10, "the frame that it says").catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return [Number(this.root.dataset.frame), this.number()];
  },

  /** Whether this browser has a decoder of our films at all. */
  playsFilms() {
    return document.createElement("video").canPlayType('video/mp4; codecs="avc1.64100c"') !== "";
  },

  /** Note errors from now on, for drivers that can't read the console. */
  listen() {
    const heard = (window.heardErrors = []);
    const tell = console.error;
    console.error = (...words) => (heard.push(words.join(" ")), tell(...words));
    window.addEventListener("error", (event) => heard.push(event.message));
    window.addEventListener("unhandledrejection", (event) => heard.push(String(event.reason)));
  },

  errors() {
    return window.heardErrors;
  },

  focus() {
    this.root.focus();
  },

  number() {
    return readNumber(this.root.querySelector("canvas.hp-picture"), bits);
  },

  get root() {
    return document.querySelector(".heaters-player");
  },

  async until(holds, seconds, what) {
    for (const end = performance.now() + seconds * 1000; !holds(); ) {
      if (performance.now() > end) throw new Error(`not ${what}: ${this.root?.innerText} ${JSON.stringify(this.root?.dataset)}`);
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  },
})
