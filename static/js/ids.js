// Ids made here, so that a request can be sent twice and count once. UUIDv7: they sort by time, and a
// counter in place of the first random bits keeps those of one millisecond in order as well.

let last = 0;
let counter = 0;

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const now = tick();
  for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Time never runs back: a clock set back, or a full counter, borrows from the next millisecond.
function tick() {
  const now = Math.max(Date.now(), last);
  counter = now === last ? counter + 1 : 0;
  last = counter > 0xfff ? now + 1 : now;
  if (counter > 0xfff) counter = 0;
  return last;
}
