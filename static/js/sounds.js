// The till's few sounds. None carries what the screen does not say; off, soft or loud is the till's own.

const LOUDNESS = { off: 0, soft: 0.08, loud: 0.35 };

// [frequency in Hz, start in s, length in s]
const TONES = {
  miss: [[220, 0, 0.12], [220, 0.18, 0.12]],
  asking: [[440, 0, 0.15]],
  sold: [[660, 0, 0.06], [990, 0.07, 0.06]],
  counted: [[1200, 0, 0.03]],
};

let speaker = null;

export function loudness() {
  const kept = localStorage.getItem("sounds");
  return kept in LOUDNESS ? kept : "soft";
}

export function setLoudness(level) {
  localStorage.setItem("sounds", level in LOUDNESS ? level : "soft");
  document.dispatchEvent(new CustomEvent("sounds:changed", { detail: { level: loudness() } }));
}

// Plays miss, asking, sold or counted. Silent until the page has been touched once: browsers want that.
export function play(name) {
  const volume = LOUDNESS[loudness()];
  if (!volume || !TONES[name] || navigator.userActivation?.hasBeenActive === false) return;
  speaker ??= new AudioContext();
  if (speaker.state === "suspended") speaker.resume().catch(() => {});
  for (const tone of TONES[name]) ring(speaker, volume, ...tone);
}

function ring(context, volume, frequency, start, length) {
  const [from, to] = [context.currentTime + start, context.currentTime + start + length];
  const tone = new OscillatorNode(context, { frequency, type: "sine" });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, from);
  gain.gain.linearRampToValueAtTime(volume, from + 0.005); // No click at either end.
  gain.gain.setValueAtTime(volume, to - 0.01);
  gain.gain.linearRampToValueAtTime(0, to);
  tone.connect(gain).connect(context.destination);
  tone.start(from);
  tone.stop(to);
}

// The server may ask for one: HX-Trigger: {"sound": "miss"}.
document.addEventListener("sound", (event) => play(event.detail.value));
