// The payment screen: how it is paid, what was received, what comes back. It only proposes; the server decides.
import { NoAnswer, ask } from "./till_http.js";
import { fromMinor, shortly, shown, toMinor, typed } from "./till_money.js";
import { word } from "./till_words.js";

const part = (id) => document.getElementById(id);

export class Payment {
  // `send(payments, total)` is called with the last payment; amounts as the server reads them.
  constructor(cart, send) {
    this.cart = cart;
    this.send = send;
    this.rows = [];
    this.due = null;
    this.entry = part("entry");
    this.entry.addEventListener("input", () => { this.keyed = false; this.fresh = false; this.render(); });
    part("tenders").addEventListener("click", ({ target }) => this.tender(target.closest("[data-tender]")));
    part("keypad").addEventListener("click", ({ target }) => this.press(target.closest("[data-digit]")));
  }

  get tenders() { return [...part("tenders").querySelectorAll("[data-tender]")]; }
  get digits() { return Number(this.due.digits); }
  get left() { return toMinor(this.due.left, this.digits); }
  get givesChange() { return Boolean(this.chosen && "change" in this.chosen.dataset); }

  // What this tender has to bring: coins are rounded where the store rounds them.
  get wanted() {
    return this.chosen && "rounds" in this.chosen.dataset ? toMinor(this.due.cash, this.digits) : this.left;
  }

  open() {
    if (this.version !== `${this.cart.id} ${this.cart.due.total}`) this.rows = [];
    this.version = `${this.cart.id} ${this.cart.due.total}`;
    if (!this.rows.length) this.due = { ...this.cart.due };
    this.tender(this.tenders.find((key) => "change" in key.dataset) ?? this.tenders[0]);
  }

  // The total changed while this stood open: what was taken stays, what is left is asked anew.
  async renew() {
    this.version = `${this.cart.id} ${this.cart.due.total}`;
    await this.ask();
  }

  tender(key) {
    if (!key) return;
    this.chosen = key;
    for (const one of this.tenders) one.setAttribute("aria-pressed", String(one === key));
    this.preset();
  }

  byKey(letter) {
    const key = this.tenders.find(({ dataset }) => dataset.key && dataset.key === letter.toUpperCase());
    if (key) this.tender(key);
    return Boolean(key);
  }

  // Exact at first: whatever is typed next takes its place.
  preset() {
    this.entry.value = shown(this.wanted < 0n ? 0n : this.wanted, this.digits);
    this.fresh = true;
    this.keyed = false;
    this.render();
    if (document.activeElement === this.entry) this.entry.select();
  }

  // The keypad fills in from the smallest coin, as on every till: 3, 0, 00 is 30.00.
  press(key) {
    if (!key) return;
    const { digit } = key.dataset;
    let units = this.keyed ? this.amount() ?? 0n : 0n;
    if (typeof units !== "bigint") units = 0n;
    if (digit) units = BigInt(`${units}${digit}`);
    else units = (this.fresh || !this.keyed ? 0n : units / 10n);
    if (`${units}`.length > 12) return;
    this.keyed = true;
    this.fresh = false;
    this.entry.value = shown(units, this.digits);
    this.render();
  }

  amount() {
    return typed(this.entry.value, this.digits);
  }

  render() {
    const { currency } = this.due;
    const name = this.chosen?.dataset.name ?? "";
    const amount = this.amount();
    const known = typeof amount === "bigint" ? amount : 0n;
    part("entry-label").textContent = word("received", { tender: name });
    const back = known - this.wanted;
    part("entry-change-label").textContent = word(back < 0n || !this.givesChange ? "left-after" : "change");
    part("entry-change-amount").textContent = shown(back < 0n ? -back : back, this.digits);
    part("entry-change").classList.toggle("is-short", back < 0n);
    part("pay-total").textContent = shown(toMinor(this.due.total, this.digits), this.digits);
    part("pay-left").textContent = shown(this.wanted, this.digits, currency);
    part("take-words").textContent = word("take", { tender: this.chosen?.dataset.within ?? "" });
    part("take-amount").textContent = shown(known, this.digits);
    this.complain("");
    this.renderQuick();
    this.renderRows();
  }

  renderQuick() {
    const wanted = this.wanted;
    const notes = this.givesChange && this.due.quick ? this.due.quick.split(" ") : [];
    const offers = wanted > 0n ? [wanted, ...notes.map((note) => toMinor(note, this.digits))] : [];
    part("quick").replaceChildren(...offers.map((offer) => {
      const key = part("quick-key").content.firstElementChild.cloneNode(true);
      const [figure, note] = key.children;
      const exact = offer === wanted;
      figure.textContent = exact ? shown(offer, this.digits) : shortly(offer, this.digits);
      note.children[0].textContent = word(exact ? "exact" : "change-of");
      note.children[1].textContent = exact ? "" : shown(offer - wanted, this.digits);
      key.addEventListener("click", () => this.take(offer));
      return key;
    }));
  }

  renderRows() {
    const sums = part("pay-rows");
    sums.querySelectorAll(".sum-paid").forEach((row) => row.remove());
    sums.lastElementChild.before(...this.rows.map((row, at) => {
      const line = part("pay-row").content.firstElementChild.cloneNode(true);
      const figure = shown(row.units, this.digits);
      line.querySelector("span").textContent = row.name;
      line.querySelector("dd").textContent = `−${figure}`;
      const cross = line.querySelector("button");
      cross.setAttribute("aria-label", word("take-back", { tender: row.name, amount: figure }));
      cross.addEventListener("click", () => this.takeBack(at));
      return line;
    }));
  }

  // Takes what is shown, or `offer`: the last payment sends the sale, an earlier one stands in a row.
  take(offer = null) {
    if (!this.chosen) return null;
    const amount = offer ?? this.amount();
    if (typeof amount !== "bigint") return this.complain(word(amount === "fine" ? "too-fine" : "not-amount"));
    const { tender, name } = this.chosen.dataset;
    if (amount === 0n && this.wanted > 0n) return this.complain(word("nothing-to-take"));
    if (amount > this.wanted && !this.givesChange) {
      return this.complain(word("too-much", { tender: name, amount: shown(this.wanted, this.digits) }));
    }
    const row = { tender, name, units: amount };
    if (amount < this.wanted) return this.add(row);
    const payments = [...this.rows, ...(amount ? [row] : [])];
    return this.send(payments.map((one) => this.plain(one)), this.cart.due.total);
  }

  async add(row) {
    this.rows.push(row);
    await this.ask();
  }

  async takeBack(at) {
    this.rows.splice(at, 1);
    await this.ask();
    this.entry.focus();
  }

  plain({ tender, units }) {
    return { tender, amount: fromMinor(units, this.digits) };
  }

  // What is left, coins rounded and likely notes, is the server's to say; without it, to the cent.
  async ask() {
    const paid = this.rows.map((row) => ["paid", fromMinor(row.units, this.digits)]);
    const left = toMinor(this.cart.due.total, this.digits) - this.rows.reduce((sum, row) => sum + row.units, 0n);
    this.due = { ...this.cart.due };
    if (paid.length) {
      const bare = fromMinor(left, this.digits);
      Object.assign(this.due, { left: bare, cash: bare, quick: "" });
      try {
        const { html } = await ask(`${this.cart.url}payment/?${new URLSearchParams(paid)}`);
        const due = html.getElementById("due");
        if (due) this.due = { ...due.dataset };
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
    }
    this.preset();
  }

  complain(words) {
    const error = part("entry-error");
    error.hidden = !words;
    error.querySelector("span").textContent = words;
    this.entry.toggleAttribute("aria-invalid", Boolean(words));
    if (words) this.entry.focus();
  }
}
