// What is about to be late on the board: the page's title counts it, and a chime rings for what is new among it.
//   [data-alarm]         in the live part: the ids of those requests, however the board is filtered
//   [data-alarm-switch]  a button that turns the sound off and on, remembered in this browser
// Browsers let no page sound before its first gesture, and neither do we: until then only the title tells. What was rung for once is
// not rung for again when the page is opened anew.

const SWITCH = "board-sound";
const KNOWN = "board-alarm";
const TONES = [880, 660];
const TONE_SECONDS = 0.18;

export function startBoardAlarm() {
  const button = document.querySelector("[data-alarm-switch]");
  if (button) new BoardAlarm(button).start();
}

class BoardAlarm {
  constructor(button) {
    this.button = button;
    this.title = document.title;
    this.audio = null;
  }

  start() {
    this.button.hidden = false;
    this.say();
    this.button.addEventListener("click", () => {
      localStorage.setItem(SWITCH, isOn() ? "off" : "on");
      this.say();
    });
    for (const gesture of ["pointerdown", "keydown"]) {
      document.addEventListener(gesture, () => (this.audio ??= new AudioContext()), { once: true });
    }
    document.addEventListener("live-shown", () => this.look());
    this.look();
  }

  say() {
    this.button.setAttribute("aria-pressed", String(isOn()));
    this.button.querySelector("[data-alarm-word]").textContent = isOn() ? "Son activé" : "Son coupé";
  }

  look() {
    const now = (document.querySelector("[data-alarm]")?.dataset.alarm ?? "").split(" ").filter(Boolean);
    document.title = now.length > 0 ? `(${now.length}) ${this.title}` : this.title;
    const known = new Set((sessionStorage.getItem(KNOWN) ?? "").split(" "));
    sessionStorage.setItem(KNOWN, now.join(" "));
    if (now.some((id) => !known.has(id)) && isOn() && this.audio) this.ring();
  }

  ring() {
    const start = this.audio.currentTime;
    TONES.forEach((pitch, place) => {
      const tone = this.audio.createOscillator();
      const volume = this.audio.createGain();
      const from = start + place * TONE_SECONDS;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.2, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + TONE_SECONDS);
      tone.connect(volume).connect(this.audio.destination);
      tone.start(from);
      tone.stop(from + TONE_SECONDS);
    });
    document.dispatchEvent(new CustomEvent("alarm-rang"));
  }
}

function isOn() {
  return localStorage.getItem(SWITCH) !== "off";
}
