// A part of the page that renews itself.
//   data-live-url    the fragment; answered 304 while its ETag has not changed
//   data-live-every  milliseconds between two questions
//   data-live-etag   the ETag of what the page was served with
//   data-live-hidden milliseconds between two questions while nobody sees the page; without it, nothing is asked then
// Where the server says 0 milliseconds, nothing will change any more, and nobody asks again.
// Beside it on the page: [data-live-lost], shown while the server does not answer, and [data-live-say], a live region
// that speaks the fragment's own data-announce when it has changed.
// What somebody unfolded stays unfolded: details with an id are as they were.
// X-Live tells the server that nobody clicked: such a request never prolongs a session.

const SLOWEST = 30_000;

export function startLive(root = document) {
  for (const region of root.querySelectorAll("[data-live-url]")) {
    new LiveRegion(region).start();
  }
}

class LiveRegion {
  constructor(region) {
    this.region = region;
    this.every = Number(region.dataset.liveEvery) || 3000;
    this.etag = region.dataset.liveEtag || null;
    this.over = region.dataset.liveEvery === "0";
    this.failures = 0;
    this.timer = null;
    this.announced = announcement(region);
    this.lost = document.querySelector("[data-live-lost]");
    this.voice = document.querySelector("[data-live-say]");
  }

  start() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || this.over) return this.plan();
      clearTimeout(this.timer);
      this.ask();
    });
    this.plan();
  }

  plan() {
    clearTimeout(this.timer);
    const every = document.hidden ? Number(this.region.dataset.liveHidden ?? 0) : this.every;
    if (!every || this.over) return;
    const wait = Math.min(every * 2 ** this.failures, SLOWEST);
    this.timer = setTimeout(() => this.ask(), wait);
  }

  async ask() {
    const headers = { "X-Live": "1", Accept: "text/html" };
    if (this.etag) headers["If-None-Match"] = this.etag;
    try {
      const answer = await fetch(this.region.dataset.liveUrl, {
        headers,
        cache: "no-store",
        credentials: "same-origin",
        signal: AbortSignal.timeout(10_000),
      });
      // The session has ended: the whole page asks again, and is led to the sign-in.
      if (answer.redirected || answer.status === 401) {
        window.location.reload();
        return;
      }
      if (answer.status === 200) {
        const html = await answer.text();
        if (isInUse(this.region)) {
          this.etag = null; // asked again in full once the person has finished
        } else {
          this.etag = answer.headers.get("ETag");
          this.show(html);
        }
      } else if (answer.status !== 304) {
        throw new Error(`unexpected status ${answer.status}`);
      }
      // The server knows how soon something may change.
      this.over = answer.headers.get("X-Live-Every") === "0";
      this.every = Number(answer.headers.get("X-Live-Every")) || this.every;
      this.found();
    } catch (problem) {
      this.missed(problem);
    }
    this.plan();
  }

  found() {
    this.failures = 0;
    if (this.lost) this.lost.hidden = true;
  }

  missed(problem) {
    this.failures += 1;
    console.warn("live region not renewed:", problem);
    // One miss may be a passing tram; from the second on, the page says that it may be stale.
    if (this.lost && this.failures > 1) this.lost.hidden = false;
  }

  show(html) {
    const focused = this.region.contains(document.activeElement) ? document.activeElement.id : "";
    const unfolded = details(this.region).map(({ id, open }) => [id, open]);
    this.region.innerHTML = html;
    const renewed = new Map(details(this.region).map((each) => [each.id, each]));
    for (const [id, open] of unfolded) renewed.get(id)?.toggleAttribute("open", open);
    if (window.htmx) window.htmx.process(this.region);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    const words = announcement(this.region);
    if (this.voice && words && words !== this.announced) this.voice.textContent = words;
    this.announced = words;
    document.dispatchEvent(new CustomEvent("live-shown"));
  }
}

function details(region) {
  return [...region.querySelectorAll("details[id]")];
}

function announcement(region) {
  return region.querySelector("[data-announce]")?.dataset.announce ?? "";
}

// Never take a field from under someone's fingers.
function isInUse(region) {
  const active = document.activeElement;
  return region.contains(active) && active.matches("input:not([type=hidden]), textarea, select");
}
