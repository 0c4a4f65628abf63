// What each key and button of the till does. Every one returns true when it did something with the key.
import { loudness } from "./sounds.js";
import { toast } from "./toast.js";
import { misses } from "./till_rows.js";
import { word } from "./till_words.js";

const LEVELS = ["off", "soft", "loud"];

export function actions(till) {
  const { stage, cart, queue, search, payment } = till;

  // Now, or when the scans that are on their way have arrived.
  const whenReady = (intent) => {
    if (queue.busy) till.intents.push(intent);
    else intent();
    return true;
  };
  const field = () => document.getElementById("search");
  const line = () => cart.chosen;
  const step = (kind, form, more = {}) => {
    if (!line()) return false;
    const { line: number, name } = line().dataset;
    queue.push({ kind, path: `lines/${number}/`, form, line: number, name, ...more });
    return true;
  };
  const held = () => {
    const [row] = misses();
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector(".button:last-child")?.focus();
    return Boolean(row);
  };

  return {
    toSell() {
      if (till.ended) location.assign("/till/");
      else if (location.search || location.pathname !== cart.url) history.replaceState(null, "", cart.url);
      // What was sold leaves with the next sale's beginning.
      const sold = document.getElementById("sold");
      if (stage.is("sold")) sold.replaceChildren();
      delete sold.dataset.sale;
      stage.show("sell");
    },

    // ---- keys

    help() {
      document.getElementById("help").showModal();
      return true;
    },
    "help-close": () => document.getElementById("help").close(),
    clerk() {
      document.getElementById("clerk").click();
      return true;
    },
    sounds() {
      till.turnSounds(LEVELS[(LEVELS.indexOf(loudness()) + 1) % LEVELS.length]);
    },
    toSearch() {
      if (!stage.is("sell")) till.toSell();
      field().focus();
      field().select();
      return true;
    },
    typed() {
      if (stage.is("pay") || stage.is("parking")) return false;
      if (!stage.is("sell")) till.toSell();
      field().focus();
      return false;
    },
    hears: (key) => (stage.is("pay") ? Boolean(payment.tenders.length) : stage.is("sold") && /^p$/i.test(key)),
    letter(key) {
      if (stage.is("pay")) payment.byKey(key);
      else if (stage.is("sold")) till.print();
    },
    arrow(by) {
      if (stage.is("parking")) {
        const rows = [...document.querySelectorAll("#parked .found-row")];
        rows[Math.max(0, Math.min(rows.length - 1, rows.indexOf(document.activeElement) + by))]?.focus();
        return true;
      }
      if (!stage.is("sell")) return false;
      if (!search.move(by)) cart.step(by);
      return true;
    },
    enter(input) {
      const { activeElement: focus } = document;
      if (stage.is("pay")) {
        if (focus.matches("button") && focus.id !== "take-key") return false;
        return till.take();
      }
      if (till.intents.length) {
        till.intents.push(() => till.take());
        return true;
      }
      if (input?.id === "search") search.enter();
      else if (input?.closest(".stepper")) input.blur();
      else return false;
      return true;
    },
    back() {
      if (document.querySelector("[popover]:popover-open")) return false;
      if (stage.is("sell")) return search.back();
      if (till.attempt.state === "sending") return true;
      till.toSell();
      return true;
    },
    next() {
      till.toSell();
      return true;
    },

    // ---- the cart

    more: (by = 1) => {
      if (!stage.is("sell") || !line()) return false;
      const bare = typeof by === "number" ? by : 1;
      if (bare < 0 && Number(line().dataset.count) <= 1) return true;
      return step("count", { change: `${bare}` }, { method: "POST" });
    },
    less: () => till.more(-1),
    setCount() {
      const input = cart.tools.querySelector("input");
      if (line() && input.value.trim()) step("count", { quantity: input.value.trim() }, { method: "POST" });
      else cart.arm();
    },
    remove() {
      const row = misses().at(-1);
      if (row && document.activeElement.closest(".line-tools") !== cart.tools) return till.clear(row);
      if (!stage.is("sell")) return false;
      return step("remove", {}, { method: "DELETE" });
    },
    clear(key) {
      const row = key.closest(".line-miss");
      row?.remove();
      cart.render();
      field().focus();
      return true;
    },
    find(key) {
      const row = key.closest(".line-miss");
      const { raw } = row.dataset;
      row.remove();
      cart.render();
      till.toSearch();
      field().value = raw;
      search.look();
      field().select();
    },
    undo() {
      if (!cart.undoable && !queue.busy) return true;
      queue.push({ kind: "undo", method: "POST", path: "steps/", form: {} });
      return true;
    },
    park() {
      if (!stage.is("sell") && !stage.is("sold")) return true;
      if (!cart.lines && !queue.busy) return till.parked();
      whenReady(() => queue.push({ kind: "park", method: "POST", path: "parked/", form: {} }));
      return true;
    },
    parked() {
      if (!cart.parked) {
        toast(word("none-parked"));
        return true;
      }
      window.htmx.ajax("GET", `${cart.url}parked/`, { target: "#parked", swap: "outerHTML" })
        .then(() => stage.show("parking"));
      return true;
    },
    recall(waiting) {
      queue.push({ kind: "recall", method: "POST", path: "recalled/", form: { cart: waiting } });
    },
    returns() {
      location.assign(document.getElementById("return-key").href);
      return true;
    },
    print() {
      window.print();
      return true;
    },

    // ---- paying

    main() {
      if (stage.is("pay")) return till.take();
      return stage.is("sold") ? till.afterSale() : till.pay();
    },
    // The corner is inert: a double tap does nothing. What was scanned meanwhile is shown before it is paid for.
    afterSale() {
      if (cart.lines) till.toSell();
      return true;
    },
    pay() {
      if (till.attempt.standing) return true;
      whenReady(() => {
        if (held() || !cart.ready) return;
        payment.open();
        stage.show("pay");
        history.replaceState(null, "", `${cart.url}payment/`);
      });
      return true;
    },
    take() {
      if (!stage.is("pay") || till.attempt.standing) return true;
      payment.take();
      return true;
    },
    exact() {
      if (till.attempt.standing) return true;
      if (stage.is("sold")) return till.afterSale();
      whenReady(() => {
        if (held() || !cart.ready) return;
        const cash = payment.tenders.find(({ dataset }) => "change" in dataset);
        if (!cash) return;
        if (!stage.is("pay")) payment.open();
        payment.tender(cash);
        payment.take();
      });
      return true;
    },
  };
}
