/* The three pictures of the interactive page, drawn as SVG: the line, the loss surface, the losses.
 * Each is made once, with show(state) to draw what changes.
 */
"use strict";

globalThis.DescentPictures = (function () {
  const WIDTH = 320;
  const HEIGHT = 270;
  const MARGIN = { left: 40, right: 10, top: 10, bottom: 38 };
  // Farther out an SVG viewer may lose precision; everything there is clipped anyway.
  const FAR = 1e4;

  function element(parent, name, attributes = {}, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    parent.append(made);
    return made;
  }

  const bounded = (value) => Math.max(-FAR, Math.min(FAR, Number.isNaN(value) ? FAR : value));

  /** A linear map from [low, high] to pixels. */
  const scale = ([low, high], [from, to]) => (value) =>
    bounded(from + ((value - low) / (high - low)) * (to - from));

  class Picture {
    constructor(svg, xLabel, yLabel) {
      svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
      this.svg = svg;
      const { left, right, top, bottom } = MARGIN;
      this.box = { x: left, y: top, width: WIDTH - left - right, height: HEIGHT - top - bottom };
      const clip = element(element(svg, "defs"), "clipPath", { id: `${svg.id}-clip` });
      element(clip, "rect", this.box);
      this.axes = element(svg, "g", { class: "axes" });
      element(svg, "rect", { ...this.box, class: "frame" });
      this.fixed = element(svg, "g", { "clip-path": `url(#${svg.id}-clip)` });
      this.moving = element(svg, "g", { "clip-path": `url(#${svg.id}-clip)` });
      element(svg, "text", { x: left + this.box.width / 2, y: HEIGHT - 6, class: "label" }, xLabel);
      const middle = top + this.box.height / 2;
      const turned = { x: 12, y: middle, class: "label", transform: `rotate(-90 12 ${middle})` };
      element(svg, "text", turned, yLabel);
    }

    /** Set the ranges of both axes, and where they have numbers. */
    range(xRange, yRange, xTicks, yTicks, yText = String) {
      const { x, y, width, height } = this.box;
      Object.assign(this, { xRange, yRange });
      this.x = scale(xRange, [x, x + width]);
      this.y = scale(yRange, [y + height, y]);
      this.axes.replaceChildren();
      const write = (left, top, style, text) =>
        element(this.axes, "text", { x: left, y: top, class: style }, text);
      for (const tick of xTicks) write(this.x(tick), y + height + 15, "tick", String(tick));
      for (const tick of yTicks) write(x - 5, this.y(tick) + 4, "tick left", yText(tick));
    }

    /** What a pixel stands for. */
    xAt(pixel) {
      const [low, high] = this.xRange;
      return low + ((pixel - this.box.x) / this.box.width) * (high - low);
    }

    yAt(pixel) {
      const [low, high] = this.yRange;
      return low + ((this.box.y + this.box.height - pixel) / this.box.height) * (high - low);
    }

    clear() {
      this.moving.replaceChildren();
    }

    polyline(points, style, layer = this.moving) {
      const pixels = points.map(([a, b]) => `${this.x(a).toFixed(1)},${this.y(b).toFixed(1)}`);
      element(layer, "polyline", { points: pixels.join(" "), class: style });
    }

    dot([a, b], radius, style, layer = this.moving) {
      element(layer, "circle", { cx: this.x(a), cy: this.y(b), r: radius, class: style });
    }
  }

  function fit(svg, words, x, y, ranges) {
    const picture = new Picture(svg, "x", "y");
    picture.range(ranges.x, ranges.y, [0, 1, 2, 3, 4, 5], [-4, 0, 4, 8, 12]);
    x.forEach((xi, i) => picture.dot([xi, y[i]], 5, "data", picture.fixed));
    const across = ([b, w]) => ranges.x.map((xi) => [xi, b + w * xi]);
    picture.show = ({ lines }) => {
      picture.clear();
      const now = lines[lines.length - 1];
      x.forEach((xi, i) => picture.polyline([[xi, y[i]], [xi, now[0] + now[1] * xi]], "residual"));
      const between = [1, 2, 3, 5, 10, 20].filter((t) => t < lines.length - 1);
      for (const t of between) picture.polyline(across(lines[t]), "between");
      picture.polyline(across(lines[0]), "first");
      if (lines.length > 1) picture.polyline(across(now), "last");
    };
    return picture;
  }

  function surface(svg, words, x, y, ranges) {
    const picture = new Picture(svg, words.intercept, words.slope);
    picture.range(ranges.b, ranges.w, [-2, 0, 2, 4], [0, 1, 2, 3, 4]);
    const best = GD.bestLine(x, y);
    const { largest, smallest, angle } = GD.curvature(x);
    const { b, w } = ranges;
    const units = [picture.x(b[0] + 1) - picture.x(b[0]), picture.y(w[0] + 1) - picture.y(w[0])];
    const centre = [picture.x(best[0]), picture.y(best[1])];
    const place = `translate(${centre.join(" ")}) scale(${units.join(" ")})`;
    // Lines of equal loss are ellipses about the best line, along the Hessian's eigenvectors.
    for (let level = 0.05; level < 200; level *= 3)
      element(picture.fixed, "ellipse", {
        rx: Math.sqrt((2 * level) / largest),
        ry: Math.sqrt((2 * level) / smallest),
        transform: `${place} rotate(${(angle * 180) / Math.PI})`,
        class: "contour",
      });
    picture.dot(best, 3, "best", picture.fixed);
    picture.show = ({ lines, lr }) => {
      picture.clear();
      const now = lines[lines.length - 1];
      picture.polyline([now, GD.update(x, y, now, lr)], "next");
      picture.polyline(lines, "path");
      for (const line of lines.slice(0, 300)) picture.dot(line, 2, "iterate");
      if (lines.length > 1) picture.dot(now, 6, "last");
    };
    return picture;
  }

  /** Powers of ten, on an axis of logarithms. */
  const powers = ([low, high]) => {
    const first = Math.ceil(low);
    const all = Array.from({ length: Math.floor(high) - first + 1 }, (_, i) => first + i);
    return all.filter((power) => power % Math.ceil(all.length / 6) === 0);
  };
  const tenTo = (power) =>
    Math.abs(power) > 3 ? `1e${power}` : String(Number((10 ** power).toPrecision(2)));

  function losses(svg, words, x, y) {
    const picture = new Picture(svg, words.updates, words.loss);
    const floor = GD.loss(x, y, GD.bestLine(x, y));
    picture.show = ({ lines, losses: values, tol }) => {
      picture.clear();
      const last = Math.max(10, lines.length - 1);
      const step = Math.max(1, 10 ** Math.floor(Math.log10(last / 2)));
      const every = last / step > 12 ? 5 * step : last / step > 6 ? 2 * step : step;
      const ticks = Array.from({ length: Math.floor(last / every) + 1 }, (_, i) => i * every);
      const finite = values.filter(Number.isFinite);
      const yRange = [Math.log10(0.6 * floor), Math.log10(1.5 * Math.max(20, ...finite))];
      picture.range([0, last], yRange, ticks, powers(yRange), tenTo);
      const level = (value, style) =>
        picture.polyline([0, last].map((t) => [t, Math.log10(value)]), style);
      level(floor, "floor");
      if (tol > 0) level(tol, "tol");
      const points = values.map((value, t) => [t, Math.log10(value)]);
      picture.polyline(points, "path");
      if (points.length <= 60) points.forEach((point) => picture.dot(point, 2.5, "iterate"));
      picture.dot(points[0], 5, "start");
      if (points.length > 1) picture.dot(points[points.length - 1], 6, "last");
    };
    return picture;
  }

  return { element, fit, surface, losses };
})();
