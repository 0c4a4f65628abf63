// The keyboard of the till. Keys work wherever the focus is; in a field with text in it only F-keys, Esc and
// Ctrl keys do. A letter waits for a blink, because it may be the first of a scan.

const BLINK = 60;
const REGIONS = ["#search", "#tiles .tile", "#cart .line-name", "#pay-key"];

export class Keys {
  // `till` has one method a key: see till.js.
  constructor(till, scanner) {
    this.till = till;
    this.scanner = scanner;
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (document.querySelector("dialog[open]")) {
        if (event.key === "F1") event.preventDefault(); // The browser's own help is no help here.
        return;
      }
      if (this.pressed(event)) event.preventDefault();
    });
  }

  pressed(event) {
    const { key, ctrlKey, altKey, metaKey } = event;
    if (key.length > 1 && key !== "Shift") this.meant();
    if (altKey) return key.toLowerCase() === "l" && this.till.clerk();
    if (ctrlKey || metaKey) return this.withControl(key);
    const field = document.activeElement.matches("input, textarea, select") ? document.activeElement : null;
    const named = this.named(key, field);
    if (named !== null) return named;
    const typing = field && (field.id !== "search" || field.value) && field.id !== "entry";
    return !typing && key.length === 1 && this.sign(key, field);
  }

  withControl(key) {
    if (key === "Enter") return this.till.main();
    const field = document.activeElement.matches("input") ? document.activeElement : null;
    const free = !field || (field.id === "search" && !field.value);
    return key.toLowerCase() === "z" && free && this.till.undo();
  }

  // Keys with names. True: done. False: not for us now. Null: not one of them.
  named(key, field) {
    switch (key) {
      case "F1": return this.till.help();
      case "F2": return this.till.toSearch();
      case "F4": return this.till.park();
      case "F6": return this.region();
      case "F7": return this.till.returns();
      case "F9": return this.till.main();
      case "F10": return this.till.exact();
      case "Escape": return this.till.back();
      case "Enter": return this.till.enter(field);
      case "ArrowUp": return this.arrow(-1, field);
      case "ArrowDown": return this.arrow(1, field);
      case "Delete": return (!field || !field.value) && this.till.remove();
      default: return null;
    }
  }

  arrow(by, field) {
    if (field && field.id !== "search") return field.closest(".stepper") ? this.till.more(-by) : false;
    return this.till.arrow(by);
  }

  // A single sign: at once where it is typed into a field, else when it is sure that no scan begins with it.
  sign(key, field) {
    if (key === "+") return this.till.more(1);
    if (key === "-" || key === "−") return this.till.more(-1);
    if (key === "/") return !this.till.stage.is("pay") && this.till.toSearch();
    if (key === "?") return this.till.help();
    if (field?.id === "search") return false;
    if (/\p{L}/u.test(key) && this.till.hears(key)) {
      this.letter = key;
      clearTimeout(this.blink);
      this.blink = setTimeout(() => { if (!this.scanner.inBurst) this.meant(); }, BLINK);
      return true;
    }
    if (field) return false;
    // Typed into nothing: it belongs into the search. The sign itself follows the focus there.
    return key !== " " && this.till.typed();
  }

  // The letter that waited was no scan: a key that follows at once counts after it.
  meant() {
    const { letter } = this;
    this.letter = "";
    clearTimeout(this.blink);
    if (letter) this.till.letter(letter);
  }

  region() {
    const places = REGIONS.map((place) => document.querySelector(place)).filter((place) => place?.offsetParent);
    const at = places.findIndex((place) => place === document.activeElement || sameRegion(place));
    places[(at + 1) % places.length]?.focus();
    return true;
  }
}

function sameRegion(place) {
  const region = place.closest("#tiles, #cart-lines, .pay");
  return Boolean(region?.contains(document.activeElement));
}
