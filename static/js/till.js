// The POS screen: the parts are wired together here, and every key and button finds what it does.
import { lower } from "./banner.js";
import { loudness, play, setLoudness } from "./sounds.js";
import { toast } from "./toast.js";
import { Attempt } from "./till_attempt.js";
import { Cart } from "./till_cart.js";
import { NoAnswer } from "./till_http.js";
import { Keys } from "./till_keys.js";
import { TillLive } from "./till_live.js";
import { morph } from "./till_morph.js";
import { Payment } from "./till_pay.js";
import { Queue } from "./till_queue.js";
import { missRow, misses } from "./till_rows.js";
import { Scanner } from "./till_scanner.js";
import { Search } from "./till_search.js";
import { Stage } from "./till_stage.js";
import { word } from "./till_words.js";
import { actions } from "./till_actions.js";
import { outcomes } from "./till_outcomes.js";

const SHOWN_AFTER = 300;

class Till {
  constructor() {
    this.stage = new Stage();
    this.intents = []; // What was pressed while scans were still on their way.
    this.cart = new Cart(document.getElementById("cart"), {
      changed: (facts) => this.cartChanged(facts),
      notice: (words, line) => this.notice(words, line),
    });
    this.queue = new Queue(this.cart, {
      pushed: (step) => this.pushed(step),
      answered: (step, answer) => this.answered(step, answer),
      late: () => this.cart.render(),
      drained: () => this.drained(),
    });
    this.attempt = new Attempt(this.cart, outcomes(this));
    this.payment = new Payment(this.cart, (payments, total) => this.attempt.send(payments, total));
    this.search = new Search(document.getElementById("search"), (what) => this.queue.add(what));
    this.scanner = new Scanner((code) => this.scanned(code));
    this.live = new TillLive(this.cart.register, {
      cart: ({ cart, version }) => this.heard(cart, version),
      shift: () => this.shiftChanged(),
      poll: () => this.refresh(),
    });
    Object.assign(this, actions(this));
    this.keys = new Keys(this, this.scanner);
    this.begin();
  }

  begin() {
    document.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("htmx:beforeSwap", ({ detail }) => this.tilesCame(detail));
    this.cart.tools.querySelector("input").addEventListener("change", () => this.setCount());
    document.getElementById("loudness").textContent = word(loudness());
    this.cart.render();
    if (this.stage.is("pay")) this.pay();
    this.attempt.resumeKept();
    if (this.cart.attempt) this.attempt.resume(this.cart.attempt);
    this.queue.restore();
    this.stage.focus();
    document.body.dataset.ready = "";
  }

  clicked({ target, detail: pointed }) {
    if (pointed && target.closest(".tile, .found-row, .line, .tabs")) this.handBack(target);
    const tab = target.closest("#tabs .button");
    for (const one of tab?.parentNode.children ?? []) one.setAttribute("aria-pressed", String(one === tab));
    const key = target.closest("[data-do]");
    if (key) {
      this[key.dataset.do]?.(key);
      return;
    }
    const parked = target.closest("[data-recall]");
    if (parked) {
      this.recall(parked.dataset.recall);
      return;
    }
    const line = target.closest(".line[data-line]");
    if (line && !target.closest(".line-tools")) this.cart.choose(line);
  }

  // A mouse leaves the focus where it clicked, and Enter would press that again: the search has it back.
  handBack(target) {
    if (this.stage.is("sell") && !target.closest("input, .line-tools")) this.stage.focus();
  }

  // The same tab again, with newer figures: what is equal stays, and so does the hand.
  tilesCame(detail) {
    const standing = document.getElementById("tiles");
    if (detail.target !== standing || !standing.contains(document.activeElement)) return;
    const held = document.createElement("template");
    held.innerHTML = detail.serverResponse;
    const came = held.content.getElementById("tiles");
    if (came?.getAttribute("hx-get") !== standing.getAttribute("hx-get")) return;
    detail.shouldSwap = false;
    morph(standing, came);
  }

  // ---- steps and their answers

  scanned(code) {
    this.search.scanned(code);
  }

  pushed(step) {
    if (step.kind === "add") {
      lower("refused");
      if (!this.stage.is("sell")) this.toSell();
    } else if (step.line) {
      setTimeout(() => this.cart.busy(step.line, this.queue.steps.includes(step)), SHOWN_AFTER);
    }
    this.cart.render();
  }

  answered(step, { status, html, said }) {
    if (step.line) this.cart.busy(step.line, false);
    const section = html.getElementById("cart");
    if (status < 300 && section) {
      step.row?.remove();
      this.cart.take(section, { other: step.kind === "park" || step.kind === "recall" });
      this.afterStep(step);
      return "";
    }
    const refusal = html.querySelector(".line-miss");
    const code = refusal?.dataset.code ?? "";
    if (code === "cart_frozen") {
      this.queue.hold();
      this.refresh();
      return "again";
    }
    if (["cart_sold", "cart_given_up", "cart_parked"].includes(code)) {
      // Another tab went on: so does this one, and what was scanned goes into the next sale.
      this.queue.hold();
      location.replace(code === "cart_sold" ? this.cart.url : "/till/");
      return "again";
    }
    this.missed(step, refusal, said);
    return "";
  }

  missed(step, refusal, said) {
    this.intents = [];
    play("miss");
    const words = refusal?.dataset.message || said || word("failed");
    if (step.kind === "add") {
      if (refusal) step.row.miss(refusal);
      else {
        step.row.remove();
        missRow(step.shows.code ?? step.shows.name, words);
      }
    } else if (step.kind === "count" && this.cart.chosen?.dataset.line === step.line) {
      this.cart.arm();
      this.cart.say(words);
    } else {
      toast(words);
      this.refresh();
    }
    this.cart.render();
  }

  afterStep(step) {
    if (step.kind === "remove") {
      toast(word("removed", { name: step.name }), { label: word("undo"), run: () => this.undo() });
    } else if (step.kind === "park") {
      toast(word("parked"));
    }
    if (step.kind === "park" || step.kind === "recall") this.toSell();
  }

  drained() {
    this.cart.render();
    const intents = this.intents;
    this.intents = [];
    for (const intent of intents) intent();
  }

  cartChanged({ moved, lost }) {
    this.stage.apply();
    if (lost) this.stage.focus();
    if (moved) misses().forEach((row) => row.remove());
    if (this.stage.is("pay") && !this.attempt.standing) {
      if (!this.cart.ready) this.toSell();
      else if (!this.payment.due || this.payment.due.total !== this.cart.due.total) this.payment.renew();
    }
    if (this.cart.attempt && !this.attempt.standing) this.attempt.resume(this.cart.attempt);
    if (!this.cart.attempt && this.queue.held && !this.attempt.standing) this.queue.release();
  }

  notice(words, line) {
    const note = line?.querySelector(".line-warn");
    if (note) note.textContent = words;
    toast(words);
    play("miss");
  }

  // ---- what others do

  heard(cart, version) {
    if (cart === this.cart.id && version && version <= this.cart.version) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.refresh(), 60);
  }

  async refresh() {
    if (this.queue.busy && !this.queue.held) return;
    if (this.attempt.state === "sending" || this.ended) return;
    if (this.attempt.standing) {
      // Its answer shows the change; leaving for the next cart would not.
      await this.attempt.look();
      if (!this.attempt.standing) return;
    }
    try {
      await this.cart.refetch();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return;
    }
    if (this.cart.state !== "open") location.replace(this.cart.state === "sold" ? this.cart.url : "/till/");
  }

  shiftChanged() {
    if (!this.attempt.standing && !this.queue.busy && !this.stage.is("sold")) location.reload();
  }

  turnSounds(level) {
    setLoudness(level);
    document.getElementById("loudness").textContent = word(level);
  }
}

new Till();
