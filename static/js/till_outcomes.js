// What follows when the outcome of a payment is known, and while it is not.
import { lower, raise } from "./banner.js";
import { play } from "./sounds.js";
import { toast } from "./toast.js";
import { morph } from "./till_morph.js";
import { word } from "./till_words.js";

export function outcomes(till) {
  return {
    // While the outcome is unknown the keys that take money answer to nothing.
    asking(unknown) {
      if (unknown) till.queue.hold();
      document.getElementById("take-key").setAttribute("aria-disabled", String(unknown));
      till.cart.asking = unknown;
      till.cart.render();
    },

    // Sold: the change and the receipt, beside the empty cart of the next sale.
    posted(outcome, html) {
      play("sold");
      till.payment.rows = [];
      const sold = html.getElementById("sold");
      if (sold) morph(document.getElementById("sold"), sold);
      till.stage.show("sold");
      const next = html.getElementById("cart");
      if (next) till.cart.take(next, { other: true });
      else till.ended = true; // The shift was closed meanwhile: there is no next sale here.
      history.replaceState(null, "", outcome.url);
      till.queue.release();
    },

    // Not sold: why, with the cart as it is, and the way on.
    refused(outcome, html) {
      const section = html.getElementById("cart");
      if (section) till.cart.take(section);
      play("miss");
      const { code, words } = outcome;
      if (code === "total_changed" && till.stage.is("pay")) till.payment.renew();
      if (code === "out_of_stock" || code === "nothing_to_pay") till.toSell();
      raise("refused", words, { kind: "bad", node: wayOn(code) });
      till.queue.release();
      till.cart.render();
    },

    // Given up before it arrived: nothing was sold.
    abandoned(outcome, html) {
      const section = html.getElementById("cart");
      if (section) till.cart.take(section);
      toast(word("given-up"));
      till.toSell();
      till.queue.release();
      till.cart.render();
    },

    // Turned away at the door, before anything was frozen.
    failed(words) {
      raise("refused", words || word("failed"), { kind: "bad" });
      play("miss");
      till.queue.release();
    },
  };

  function wayOn(code) {
    if (code === "shift_closed") {
      const link = document.createElement("a");
      link.className = "button";
      link.href = `/till/registers/${till.cart.register}/`;
      link.textContent = word("open-shift");
      return link;
    }
    if (code !== "out_of_stock") return null;
    const key = document.createElement("button");
    key.type = "button";
    key.className = "button";
    key.textContent = word("set-counts");
    key.addEventListener("click", setCounts);
    return key;
  }

  // Every line counts what is there.
  function setCounts() {
    lower("refused");
    for (const line of till.cart.list.querySelectorAll("[data-left]")) {
      const { line: number, name, left } = line.dataset;
      const about = { path: `lines/${number}/`, line: number, name };
      if (Number(left) > 0) till.queue.push({ kind: "count", method: "POST", form: { quantity: left }, ...about });
      else till.queue.push({ kind: "remove", method: "DELETE", form: {}, ...about });
    }
  }
}
