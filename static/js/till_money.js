// Amounts as whole smallest units (BigInt), so that no figure is ever a float. Only shown: the server decides.

const language = document.documentElement.lang || "en";

// "43.15" of the page, as the server writes figures for scripts, in smallest units.
export function toMinor(text, digits) {
  const [, sign, whole, part] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [null, "", "0", ""];
  const units = BigInt(whole + (part ?? "").padEnd(digits, "0").slice(0, digits));
  return sign ? -units : units;
}

// As the server reads it: "43.15".
export function fromMinor(units, digits) {
  const [sign, text] = units < 0n ? ["-", `${-units}`] : ["", `${units}`];
  if (!digits) return sign + text;
  const padded = text.padStart(digits + 1, "0");
  return `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

// As people read it: "43.15", "1,234.50"; with `currency`, "€43.15".
export function shown(units, digits, currency = null) {
  const style = currency
    ? { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits }
    : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, style).format(fromMinor(units, digits)).replace("-", "−");
}

// A note without needless zeros: "25", but "2.50".
export function shortly(units, digits) {
  const whole = 10n ** BigInt(digits);
  return units % whole ? shown(units, digits) : shown(units / whole, 0);
}

// What was typed, in smallest units; null for what is no amount, "fine" for too many decimals.
export function typed(text, digits) {
  const bare = text.replace(/[\s\u00a0\u202f'’]/g, "");
  const seen = /^(\d{1,3}(?:[.,]\d{3})+|\d*)(?:([.,])(\d*))?$/.exec(bare);
  if (!seen || !/\d/.test(bare)) return null;
  let [, whole, , part = ""] = seen;
  if (/[.,]/.test(whole)) {
    // "1.234" is a thousand only where the language groups so; "1.23" never.
    if (!whole.includes(group())) return null;
    whole = whole.replace(/[.,]/g, "");
  }
  if (part.length > digits) return "fine";
  if (whole.length > 12) return null;
  return BigInt((whole || "0") + part.padEnd(digits, "0"));
}

function group() {
  const parts = new Intl.NumberFormat(language).formatToParts(1_234_567);
  return parts.find(({ type }) => type === "group")?.value ?? ",";
}
