// What is done to the cart, in the order it was done: one request at a time, each with an id of its own. No
// answer means that the same step is sent again; the id makes it count once. What has not been answered
// survives a reload of the page.
import { newId } from "./ids.js";
import { ask, NoAnswer } from "./till_http.js";
import { Row } from "./till_rows.js";

const PAUSES = [300, 1000, 2000, 4000, 8000];

export class Queue {
  // `cart` is where steps go; `told` hears { answered, refused, late, drained }.
  constructor(cart, told) {
    this.cart = cart;
    this.told = told;
    this.steps = [];
    this.tries = 0;
    this.running = false;
    this.held = false; // While the outcome of a payment is unknown.
    window.addEventListener("online", () => this.hurry());
  }

  get busy() {
    return this.steps.length > 0;
  }

  // A scan, a tap, a typed code: { code | product, name, quantity, scanned }.
  add(what) {
    const form = { quantity: what.quantity ?? "1" };
    if (what.code) form.code = what.code;
    if (what.product) form.product = what.product;
    if (what.scanned) form.scanned = "yes";
    this.push({ kind: "add", method: "POST", path: "lines/", form, shows: what }, new Row(what));
  }

  // Anything else: { kind, method, path, form }.
  push(step, row = null) {
    const kept = { id: newId(), cart: this.cart.id, ...step };
    this.steps.push(kept);
    Object.defineProperty(kept, "row", { value: row, enumerable: false });
    this.keep();
    this.told.pushed?.(kept);
    this.run();
  }

  // Steps that the page before this one had no answer to. Only additions go on to another cart.
  restore() {
    for (const step of this.kept()) {
      if (step.kind !== "add" && step.cart !== this.cart.id) continue;
      const row = step.kind === "add" ? new Row(step.shows) : null;
      Object.defineProperty(step, "row", { value: row, enumerable: false });
      this.steps.push(step);
    }
    this.keep();
    this.run();
  }

  hold() {
    this.held = true;
  }

  release() {
    this.held = false;
    this.run();
  }

  hurry() {
    clearTimeout(this.timer);
    this.run();
  }

  async run() {
    if (this.running || this.held || !this.steps.length) return;
    this.running = true;
    clearTimeout(this.timer);
    const step = this.steps[0];
    try {
      const answer = await ask(...this.request(step));
      this.tries = 0;
      this.running = false;
      if (this.told.answered(step, answer) !== "again") this.done(step);
    } catch (error) {
      this.running = false;
      if (!(error instanceof NoAnswer)) {
        this.done(step);
        throw error;
      }
      step.row?.late();
      this.told.late(step);
      this.timer = setTimeout(() => this.run(), PAUSES[Math.min(this.tries, PAUSES.length - 1)]);
      this.tries += 1;
      return;
    }
    if (this.steps.length) this.run();
    else this.told.drained();
  }

  request({ method, path, form, id }) {
    const url = this.cart.url + path;
    if (method === "DELETE") return [`${url}?${new URLSearchParams({ ...form, id })}`, { method }];
    return [url, { method, form: { ...form, id } }];
  }

  done(step) {
    const at = this.steps.indexOf(step);
    if (at >= 0) this.steps.splice(at, 1);
    this.keep();
  }

  keep() {
    try {
      sessionStorage.setItem(this.key(), JSON.stringify(this.steps));
    } catch {
      // No room: the page still holds them.
    }
  }

  kept() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key()) ?? "[]");
    } catch {
      return [];
    }
  }

  key() {
    return `till:${this.cart.register}`;
  }
}
