// Which of its faces the till shows: selling, the parked sales, paying, or what was just sold.

const STAGES = { sell: "sell", parking: "parking", pay: "pay", sold: "sold-stage" };
// How style sheets know it: the parked sales lie where selling is.
const VIEWS = { parking: "sell" };
const FIRST = { sell: "#search", parking: "#parked .found-row", pay: "#entry" };

export class Stage {
  constructor() {
    this.name = document.body.dataset.view in STAGES ? document.body.dataset.view : "sell";
    this.apply();
  }

  is(name) {
    return this.name === name;
  }

  show(name) {
    this.name = name;
    this.apply();
    this.focus();
  }

  apply() {
    document.body.dataset.view = VIEWS[this.name] ?? this.name;
    for (const [name, id] of Object.entries(STAGES)) {
      document.getElementById(id).hidden = name !== this.name;
    }
    const paying = this.is("pay");
    document.getElementById("keys").hidden = paying;
    document.getElementById("sell-foot").hidden = paying;
    document.getElementById("pay-foot").hidden = !paying;
  }

  // The hand's place on this face. A touch screen's keyboard stays down: nobody asked for it.
  focus() {
    const first = document.querySelector(FIRST[this.name] ?? "#main");
    if (!first) return;
    const field = first.matches("input");
    if (field && matchMedia("(hover: none) and (pointer: coarse)").matches) {
      document.getElementById("main").focus({ preventScroll: true });
      return;
    }
    first.focus({ preventScroll: true });
    if (field && this.is("pay")) first.select();
  }
}
