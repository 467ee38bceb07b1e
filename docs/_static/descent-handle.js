/* A point of a picture that a reader moves: by mouse, by finger, or by the arrow keys. */
"use strict";

globalThis.DescentHandle = class {
  static STEP = 0.1; // what an arrow key moves
  static FAR = 1; // what a page key moves
  static KEYS = {
    ArrowUp: [0, 1, "STEP"],
    ArrowDown: [0, -1, "STEP"],
    ArrowRight: [1, 0, "STEP"],
    ArrowLeft: [-1, 0, "STEP"],
    PageUp: [0, 1, "FAR"],
    PageDown: [0, -1, "FAR"],
  };

  /** rule: place() in the picture's units, and the line after a drag (moved) or a key (pushed). */
  constructor(picture, label, rule) {
    Object.assign(this, { picture, rule });
    const draw = DescentPictures.element;
    const said = { role: "slider", "aria-label": label };
    this.group = draw(picture.svg, "g", { class: "handle", tabindex: 0, ...said });
    draw(this.group, "title", {}, label);
    draw(this.group, "circle", { r: 22, class: "reach" }); // as large as a finger
    draw(this.group, "circle", { r: 9, class: "grip" });
    const on = (name, act, options) => this.group.addEventListener(name, act, options);
    // Without this a finger that drags would scroll the page.
    on("touchstart", (event) => event.preventDefault(), { passive: false });
    on("pointerdown", (event) => this.group.setPointerCapture(event.pointerId));
    on("pointermove", (event) => this.dragged(event));
    on("keydown", (event) => this.pressed(event));
  }

  dragged(event) {
    if (!this.group.hasPointerCapture(event.pointerId)) return;
    const matrix = this.picture.svg.getScreenCTM().inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    this.move(this.rule.moved(this.picture.xAt(x), this.picture.yAt(y)));
  }

  pressed(event) {
    const key = DescentHandle.KEYS[event.key];
    if (!key) return;
    event.preventDefault(); // the page would scroll
    const [right, up, size] = [key[0], key[1], DescentHandle[key[2]]];
    this.move(this.rule.pushed(right * size, up * size));
  }

  /** Hand on a line, in hundredths. */
  move(line) {
    this.onmove(line.map((value) => Math.round(value * 100) / 100));
  }

  show(text) {
    const [x, y] = this.rule.place();
    const { box } = this.picture;
    const inside = (value, low, size) => Math.max(low, Math.min(low + size, value));
    const left = inside(this.picture.x(x), box.x, box.width);
    const top = inside(this.picture.y(y), box.y, box.height);
    this.group.setAttribute("transform", `translate(${left} ${top})`);
    this.group.setAttribute("aria-valuetext", text);
    const [low, high] = this.picture.yRange;
    for (const [name, value] of Object.entries({ valuemin: low, valuemax: high, valuenow: y }))
      this.group.setAttribute(`aria-${name}`, value);
  }
};
