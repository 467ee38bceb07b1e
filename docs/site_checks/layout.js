/* What is wrong with how this page is laid out: a list of sentences, empty if nothing is. */
"use strict";

const SLACK = 1.5; // pixels, for rounding
const LEAST_CONTRAST = 3; // WCAG 2 for large text; what is below it is hard to read at any size
// A cell that ends so goes on in the next row: a table's source had one cell on two lines.
const CUT = /(,|;|\b(to|the|a|an|of|and|or))$/;

const article = document.querySelector(".bd-article") || document.querySelector("main");
const wrong = [];
const seen = (element) => element.getClientRects().length > 0;
const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 60);
const named = (element) => `${element.tagName.toLowerCase()} "${short(element.textContent)}"`;
const all = (selector) => Array.from(article.querySelectorAll(selector)).filter(seen);
const right = (element) => element.getBoundingClientRect().right;
const style = (element) => getComputedStyle(element);

// Wider than the page, or than the box that should hold it.
const page = document.documentElement;
if (page.scrollWidth > innerWidth + SLACK) wrong.push(`the page is ${page.scrollWidth} px wide`);
const scrolls = (element) => ["auto", "scroll"].includes(style(element).overflowX);
function holder(element) {
  let box = element.parentElement;
  while (box !== article && !scrolls(box)) box = box.parentElement;
  return box;
}
const tooWide = new Set();
for (const element of all("*")) {
  if (element.closest("svg") && element.tagName !== "svg") continue;
  if (element.closest("math") && element.tagName !== "math") continue;
  if (["fixed", "absolute"].includes(style(element).position)) continue;
  if (element.closest(".headerlink, .visually-hidden, .copybtn")) continue;
  const box = holder(element);
  if (box !== article || right(element) <= right(article) + SLACK) continue;
  if (!tooWide.has(element.parentElement)) wrong.push(`${named(element)} is wider than the text`);
  tooWide.add(element);
}
// What is cut has to scroll, and has to show that it does.
for (const element of all("pre, table, .pst-scrollable-table-container, div.formula")) {
  const box = scrolls(element) ? element : holder(element);
  const longer = element.scrollWidth > element.clientWidth + SLACK;
  if (!longer && right(element) <= right(box) + SLACK) continue;
  if (box === article) wrong.push(`${named(element)} is cut`);
  else if (style(box).backgroundImage === "none") wrong.push(`${named(element)} scrolls unseen`);
}
for (const output of all(".sphx-glr-script-out pre"))
  if (output.scrollWidth > output.clientWidth + SLACK)
    wrong.push(`${named(output)}: an output is cut`);

// "N. J. Higham" at the start of a reference makes a list of letters.
for (const list of all(":is(aside.footnote, dl.footnote, .citation) :is(ol, ul)"))
  wrong.push(`a list in a reference: ${named(list)}`);

// Every row has all its cells, whole.
for (const table of all("table.table")) {
  const width = (row) => Array.from(row.cells).reduce((sum, cell) => sum + cell.colSpan, 0);
  for (const row of table.rows) {
    if (width(row) !== width(table.rows[0])) wrong.push(`a row of another length: ${named(row)}`);
    for (const cell of row.cells) {
      const text = cell.textContent.trim();
      if (!text && cell.cellIndex === 0) wrong.push(`a row without a name: ${named(row)}`);
      if (CUT.test(text)) wrong.push(`a cell that ends in the middle: ${named(cell)}`);
    }
  }
}

// The limits of a sum stand over and under its sign.
for (const sum of all("munder, munderover")) {
  const [sign, under, over] = Array.from(sum.children).map((part) => part.getBoundingClientRect());
  // A sign's box has room above and below the ink; a font gives it a third of its height in all.
  const room = parseFloat(style(sum.children[0]).paddingTop);
  if (under.top < sign.bottom - SLACK || (over && over.bottom > sign.top + SLACK) || room < 2)
    wrong.push(`limits over the sign in ${named(sum.closest("math"))}`);
}

// Text can be told from what it stands on.
const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
function luminance(colour) {
  const [r, g, b] = colour.slice(0, 3).map((value) => channel(value / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
const numbers = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
function ground(element) {
  for (let box = element; box; box = box.parentElement) {
    const colour = numbers(style(box).backgroundColor);
    if (colour.length === 3 || colour[3] > 0.5) return colour;
  }
  return [255, 255, 255];
}
const texts = all("p, li, td, th, pre span, code, figcaption, h1, h2, h3, a, svg text");
for (const element of texts) {
  if (element.closest(".sk-top-container")) continue; // scikit-learn draws its estimators
  const ink = numbers(element.closest("svg") ? style(element).fill : style(element).color);
  const [a, b] = [luminance(ink), luminance(ground(element))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < LEAST_CONTRAST && element.textContent.trim())
    wrong.push(`${named(element)} has a contrast of ${contrast.toFixed(1)}`);
}

return Array.from(new Set(wrong));
