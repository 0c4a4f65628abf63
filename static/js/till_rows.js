// Rows of the cart that are the page's own: what waits for an answer, and what was refused.
import { word } from "./till_words.js";

const SHOWN_AFTER = 300;

const list = () => document.getElementById("cart-lines");

// A row for something scanned or touched, there at once; its spinner comes after 300 ms.
export class Row {
  constructor({ code = "", name = "", quantity = "1" }) {
    this.element = build("line-wait");
    const title = this.element.querySelector(".line-name");
    title.textContent = code || name;
    title.classList.toggle("code", Boolean(code));
    this.element.querySelector(".line-count").textContent = quantity === "1" ? "" : quantity;
    this.note(word("looking"));
    this.timer = setTimeout(() => this.spin(), SHOWN_AFTER);
    list().append(this.element);
    this.element.scrollIntoView({ block: "nearest" });
  }

  spin() {
    this.element.setAttribute("aria-busy", "true");
    this.element.querySelector(".spin").hidden = false;
  }

  note(words) {
    this.element.querySelector(".line-note").textContent = words;
  }

  // No answer yet: it stays, says so, and is sent again.
  late() {
    this.spin();
    this.note(word("retrying"));
    this.element.dataset.late = "";
  }

  remove() {
    clearTimeout(this.timer);
    this.element.remove();
  }

  // Refused: the server's row takes its place, the raw code still in it.
  miss(refusal) {
    clearTimeout(this.timer);
    this.element.replaceWith(refusal);
    refusal.scrollIntoView({ block: "nearest" });
  }
}

export function missRow(raw, words) {
  const row = build("line-miss");
  const code = row.querySelector(".code");
  if (raw) code.textContent = raw;
  else code.remove();
  row.querySelector(".line-note").textContent = words;
  list().append(row);
  return row;
}

export function misses() {
  return [...list().querySelectorAll(".line-miss")];
}

export function waiting() {
  return list().querySelectorAll(".line-wait").length;
}

function build(name) {
  return document.getElementById(name).content.firstElementChild.cloneNode(true);
}
