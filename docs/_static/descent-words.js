/* What the interactive page says, in each language it speaks. */
"use strict";

globalThis.DescentWords = {
  en: {
    titles: { fit: "The line", surface: "The loss surface, from above", losses: "The loss" },
    buttons: { step: "Step", ten: "10 steps", end: "To the end", back: "Back to the start" },
    intercept: "intercept b",
    slope: "slope w",
    updates: "updates t",
    loss: "loss J",
    lr: "learning rate lr",
    lrSlider: "learning rate, on a logarithmic scale",
    tol: "stop below a loss of tol",
    code: "The same descent in Python:",
    handles: {
      intercept: "Intercept of the first line",
      slope: "Slope of the first line",
      both: "First line: left and right for the intercept, up and down for the slope",
    },
    line: (b, w) => `intercept ${b}, slope ${w}`,
    now: (t, b, w, loss) => `t = ${t}: intercept ${b}, slope ${w}, loss ${loss}.`,
    reasons: {
      tol: ({ t, tol }) => `Stopped: the loss fell below ${tol} at t = ${t}.`,
      stationary: ({ t }) =>
        `Converged at t = ${t}: no later line differs by more than a rounding.`,
      diverged: ({ t, limit }) =>
        `Diverged: the loss rose at t = ${t}. Take a rate below ${limit}.`,
      max_iter: ({ t, floor }) =>
        `Stopped after ${t} updates. The least loss of any line is ${floor}.`,
    },
  },
  zh: {
    titles: { fit: "直线", surface: "损失曲面（俯视）", losses: "损失" },
    buttons: { step: "走一步", ten: "走十步", end: "走到底", back: "回到起点" },
    intercept: "截距 b",
    slope: "斜率 w",
    updates: "更新次数 t",
    loss: "损失 J",
    lr: "学习率 lr",
    lrSlider: "学习率（对数刻度）",
    tol: "损失低于 tol 就停止",
    code: "同一个下降，用 Python 写：",
    handles: {
      intercept: "第一条直线的截距",
      slope: "第一条直线的斜率",
      both: "第一条直线：左右键改变截距，上下键改变斜率",
    },
    line: (b, w) => `截距 ${b}，斜率 ${w}`,
    now: (t, b, w, loss) => `t = ${t}：截距 ${b}，斜率 ${w}，损失 ${loss}。`,
    reasons: {
      tol: ({ t, tol }) => `停止：t = ${t} 时损失低于 ${tol}。`,
      stationary: ({ t }) => `t = ${t} 时已收敛：之后的直线只在舍入误差内变化。`,
      diverged: ({ t, limit }) => `发散：t = ${t} 时损失变大了。学习率要小于 ${limit}。`,
      max_iter: ({ t, floor }) => `更新 ${t} 次后停止。任何直线的损失都不小于 ${floor}。`,
    },
  },
};
