/* Full-batch gradient descent on a line y = b + w x, as a textbook has it.
 * Numbers go in and numbers come out; no page is in sight, so that a test can call every function.
 * A line is [b, w], as in the library: the intercept first.
 */
"use strict";

globalThis.GD = (function () {
  const ROUNDING = 2 ** -52;
  // A loss that rises by less than this, relatively, rises by rounding.
  const RISE = 1e-12;

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  const residuals = (x, y, [b, w]) => x.map((xi, i) => b + w * xi - y[i]);

  /** Half the mean squared error. */
  const loss = (x, y, line) => mean(residuals(x, y, line).map((r) => r * r)) / 2;

  /** The partial derivatives of the loss by b and by w. */
  function gradient(x, y, line) {
    const r = residuals(x, y, line);
    return [mean(r), mean(r.map((ri, i) => ri * x[i]))];
  }

  /** The next line: both parameters move at the same time, against the old line's gradient. */
  function update(x, y, line, lr) {
    const slopes = gradient(x, y, line);
    return line.map((value, j) => value - lr * slopes[j]);
  }

  /** The lines after 0, 1, ..., count updates. */
  function iterates(x, y, start, lr, count) {
    const lines = [start];
    for (let t = 0; t < count; t++) lines.push(update(x, y, lines[t], lr));
    return lines;
  }

  /** The eigenvalues of the Hessian [[1, m], [m, s]], the larger first, with the first's angle. */
  function curvature(x) {
    const m = mean(x);
    const s = mean(x.map((xi) => xi * xi));
    const spread = Math.hypot((1 - s) / 2, m);
    const largest = (1 + s) / 2 + spread;
    // Their product is the determinant, which keeps the digits of the smaller one.
    return { largest, smallest: (s - m * m) / largest, angle: Math.atan2(largest - 1, m) };
  }

  /** A rate above this one diverges. */
  const maxStableLr = (x) => 2 / curvature(x).largest;

  /** The line of least squares. */
  function bestLine(x, y) {
    const [mx, my] = [mean(x), mean(y)];
    const w = mean(x.map((xi, i) => (xi - mx) * (y[i] - my))) / mean(x.map((xi) => (xi - mx) ** 2));
    return [my - w * mx, w];
  }

  /** Whether a line is the limit to rounding. */
  function arrived(line, limit) {
    const distance = Math.hypot(line[0] - limit[0], line[1] - limit[1]);
    return distance <= ROUNDING * Math.hypot(limit[0], limit[1]);
  }

  /** Where a fit stops, and why: {t, reason}, the reason in the library's words. */
  function stop(x, y, start, lr, tol, maxIter) {
    const limit = bestLine(x, y);
    let [line, before] = [start, Infinity];
    for (let t = 0; ; t++) {
      const now = loss(x, y, line);
      if (now < tol) return { t, reason: "tol" };
      if (!(now <= before * (1 + RISE))) return { t, reason: "diverged" };
      if (t > 0 && arrived(line, limit)) return { t, reason: "stationary" };
      if (t === maxIter) return { t, reason: "max_iter" };
      [line, before] = [update(x, y, line, lr), now];
    }
  }

  return { loss, gradient, update, iterates, curvature, maxStableLr, bestLine, stop };
})();
