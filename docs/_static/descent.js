/* The interactive page: what a reader sets becomes lines by GD, and the lines become pictures.
 * Plain JavaScript, so that the page needs no network and nothing has to be kept up to date.
 */
"use strict";

(function () {
  const X = [1, 2, 3, 4];
  const Y = [3, 5, 7.5, 8.5];
  const FIRST = { start: [-1, 0.5], lr: 0.125, tol: 0.1 };
  const MAX_ITER = 1000; // the library's default
  const RANGES = { x: [0, 5], y: [-5, 13], b: [-3, 5], w: [-1, 4] };
  const SLOPE_HANDLE = 3; // the x at which the first line is turned
  const BUTTONS = { step: 1, ten: 10, end: "end", back: "back" };

  const round = (value) => String(Number(value.toPrecision(4)));
  const clamp = (value, [low, high]) => Math.max(low, Math.min(high, value));

  function markup(words) {
    const figures = ["fit", "surface", "losses"].map(
      (name) => `<figure><figcaption>${words.titles[name]}</figcaption>
        <svg id="descent-${name}" role="group" aria-label="${words.titles[name]}"></svg></figure>`,
    );
    const buttons = Object.keys(BUTTONS).map(
      (name) => `<button type="button" data-do="${name}">${words.buttons[name]}</button>`,
    );
    return `<div class="descent-settings">
        <label for="descent-lr">${words.lr}</label>
        <input id="descent-lr" type="number" min="0.0001" step="0.005">
        <input id="descent-lr-slider" type="range" min="-3" max="0" step="0.01"
          aria-label="${words.lrSlider}">
        <label for="descent-tol">${words.tol}</label>
        <input id="descent-tol" type="number" min="0" step="0.05">
      </div>
      <div class="descent-pictures">${figures.join("")}
        <div class="descent-bar">
          <div class="descent-buttons">${buttons.join("")}</div>
          <p class="descent-said" role="status" aria-live="polite"></p>
        </div>
      </div>
      <p class="descent-caption">${words.code}</p>
      <pre class="descent-code"></pre>`;
  }

  class Page {
    constructor(root) {
      this.root = root;
      this.words = DescentWords[root.lang] || DescentWords.en;
      root.innerHTML = markup(this.words);
      this.state = { ...FIRST, start: [...FIRST.start], count: 0 };
      this.pictures = ["fit", "surface", "losses"].map((name) =>
        DescentPictures[name](this.one(`#descent-${name}`), this.words, X, Y, RANGES),
      );
      this.addHandles();
      this.listen();
      this.show();
    }

    one(selector) {
      return this.root.querySelector(selector);
    }

    /** The lines, from the first to the current one, and their losses. */
    get descent() {
      const { start, lr, tol, count } = this.state;
      const stop = GD.stop(X, Y, start, lr, tol, MAX_ITER);
      const made = GD.iterates(X, Y, start, lr, count === "end" ? stop.t : count);
      const lines = made.filter((line) => GD.loss(X, Y, line) < Number.MAX_VALUE);
      return { lines, losses: lines.map((line) => GD.loss(X, Y, line)), lr, tol, stop };
    }

    set(changes) {
      Object.assign(this.state, changes);
      this.show();
    }

    press(name) {
      const made = this.descent.lines.length - 1;
      const more = BUTTONS[name];
      if (more === "back") this.set({ count: 0 });
      else if (more === "end") this.set({ count: "end" });
      else this.set({ count: Math.min(made + more, MAX_ITER) });
    }

    listen() {
      for (const button of this.root.querySelectorAll("[data-do]"))
        button.addEventListener("click", () => this.press(button.dataset.do));
      const read = {
        "#descent-lr-slider": (value) => ({ lr: Number((10 ** value).toPrecision(3)) }),
        "#descent-lr": (value) => (value > 0 ? { lr: Number(value) } : {}),
        "#descent-tol": (value) => (value !== "" && value >= 0 ? { tol: Number(value) } : {}),
      };
      for (const [id, settings] of Object.entries(read))
        this.one(id).addEventListener("input", ({ target }) => this.set(settings(target.value)));
    }

    /** The three points of the first line that can be moved, each with [b, w] from where it is. */
    addHandles() {
      const [fit, surface] = this.pictures;
      const along = (b, w) => [clamp(b, RANGES.b), clamp(w, RANGES.w)];
      this.handles = [
        new DescentHandle(fit, this.words.handles.intercept, {
          place: () => [0, this.state.start[0]],
          moved: (_, y) => along(y, this.state.start[1]),
          pushed: (_, up) => along(this.state.start[0] + up, this.state.start[1]),
        }),
        new DescentHandle(fit, this.words.handles.slope, {
          place: () => [SLOPE_HANDLE, this.state.start[0] + SLOPE_HANDLE * this.state.start[1]],
          moved: (_, y) => along(this.state.start[0], (y - this.state.start[0]) / SLOPE_HANDLE),
          pushed: (_, up) => along(this.state.start[0], this.state.start[1] + up),
        }),
        new DescentHandle(surface, this.words.handles.both, {
          place: () => this.state.start,
          moved: along,
          pushed: (right, up) => along(this.state.start[0] + right, this.state.start[1] + up),
        }),
      ];
      for (const handle of this.handles) handle.onmove = (line) => this.set({ start: line });
    }

    show() {
      const descent = this.descent;
      for (const picture of this.pictures) picture.show(descent);
      const [b, w] = this.state.start.map(round);
      for (const handle of this.handles) handle.show(this.words.line(b, w));
      this.showSettings();
      this.one(".descent-said").textContent = this.said(descent);
      this.one(".descent-code").textContent =
        `GDLinearRegressor(lr=${this.state.lr}, tol=${this.state.tol})` +
        `.fit(X, y, coef_init=[${w}], intercept_init=${b})`;
    }

    /** The inputs, but for the one that the reader types into. */
    showSettings() {
      const { lr, tol } = this.state;
      const values = { "-lr-slider": Math.log10(lr), "-lr": lr, "-tol": tol };
      for (const [name, value] of Object.entries(values)) {
        const id = `#descent${name}`;
        if (this.one(id) !== document.activeElement) this.one(id).value = value;
      }
    }

    said({ lines, losses, tol, stop }) {
      const t = lines.length - 1;
      const now = this.words.now(t, ...lines[t].map(round), round(losses[t]));
      if (t < stop.t) return now;
      const limit = round(GD.maxStableLr(X));
      const floor = round(GD.loss(X, Y, GD.bestLine(X, Y)));
      return `${now} ${this.words.reasons[stop.reason]({ t: stop.t, tol, limit, floor })}`;
    }
  }

  addEventListener("DOMContentLoaded", () => {
    globalThis.descentPage = new Page(document.querySelector(".descent"));
  });
})();
