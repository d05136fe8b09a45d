// The week on a large screen: draw a slot in a day, or drag one elsewhere. Either only opens the form that would do it,
// filled in; all of it can be done from the keyboard by the links of the days and of the slots.

const SNAP = 15; // minutes
const SLIP = 6; // pixels: less is a click
const SHORTEST = 15;

const week = document.querySelector("[data-week]");
if (week) {
  for (const day of week.querySelectorAll("[data-new]")) day.classList.add("week__day--drawable");
  week.addEventListener("pointerdown", begin);
  // A drag that ends on its own link is no click on it.
  week.addEventListener("click", (event) => {
    if (week.dataset.dragged) event.preventDefault();
  });
}

function begin(event) {
  if (event.button !== 0 || event.pointerType === "touch") return;
  const day = event.target.closest("[data-new]");
  const box = event.target.closest("a.box");
  if (!day || (event.target.closest(".box") && !box)) return;
  const drag = box ? move(box, day, event) : draw(day, event);
  event.preventDefault();
  const follow = (next) => drag.follow(next);
  const stop = (last) => {
    week.ownerDocument.removeEventListener("pointermove", follow);
    week.ownerDocument.removeEventListener("pointerup", drop);
    week.ownerDocument.removeEventListener("pointercancel", stop);
    week.ownerDocument.removeEventListener("keydown", escape);
    drag.end();
    if (drag.moved()) {
      week.dataset.dragged = "1";
      setTimeout(() => delete week.dataset.dragged); // after the click that may follow
    }
  };
  const drop = (last) => {
    drag.follow(last);
    const goes = drag.url();
    stop();
    if (goes) window.location.assign(goes);
  };
  const escape = (key) => key.key === "Escape" && stop();
  week.ownerDocument.addEventListener("pointermove", follow);
  week.ownerDocument.addEventListener("pointerup", drop);
  week.ownerDocument.addEventListener("pointercancel", stop);
  week.ownerDocument.addEventListener("keydown", escape);
}

// Minutes since the first hour shown, at a height of the day.
function minutes(day, y) {
  const { top, height } = day.getBoundingClientRect();
  const all = Number(week.dataset.rows) * Number(week.dataset.step);
  return Math.min(all, Math.max(0, ((y - top) / height) * all));
}

function clock(minute) {
  const total = Number(week.dataset.firstHour) * 60 + minute;
  return `${String(Math.floor(total / 60)).padStart(2, "0")}:${String(total % 60).padStart(2, "0")}`;
}

// The same as people read it: « 9 h 25 ».
function said(minute) {
  const [hour, rest] = clock(minute).split(":").map(Number);
  return `${hour}\u00a0h${rest ? `\u00a0${String(rest).padStart(2, "0")}` : ""}`;
}

function ghost() {
  const drawn = document.createElement("div");
  drawn.className = "box box--drawn";
  return drawn;
}

function put(drawn, day, from, length) {
  const step = Number(week.dataset.step);
  drawn.className = `box box--drawn at-${Math.round(from / step)} for-${Math.max(1, Math.round(length / step))}`;
  drawn.textContent = `${said(from)} – ${said(from + length)}`;
  day.append(drawn);
}

function draw(day, start) {
  const drawn = ghost();
  const from = Math.floor(minutes(day, start.clientY) / SNAP) * SNAP;
  let length = 0;
  return {
    follow(event) {
      if (Math.abs(event.clientY - start.clientY) < SLIP) return;
      length = Math.max(SHORTEST, Math.ceil((minutes(day, event.clientY) - from) / SNAP) * SNAP);
      put(drawn, day, from, length);
    },
    url() {
      if (!length) return "";
      const query = new URLSearchParams({ day: day.dataset.day, start_time: clock(from), duration_minutes: length });
      return `${day.dataset.new}?${query}`;
    },
    moved: () => length > 0,
    end: () => drawn.remove(),
  };
}

function move(box, home, start) {
  const drawn = ghost();
  const step = Number(week.dataset.step);
  const length = Number(box.dataset.rows) * step;
  const was = Number(box.dataset.row) * step;
  const grip = minutes(home, start.clientY) - was;
  let target = null;
  let from = was;
  return {
    follow(event) {
      if (Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < SLIP) return;
      const days = [...week.querySelectorAll("[data-new]")];
      const under = days.find((day) => {
        const { left, right } = day.getBoundingClientRect();
        return event.clientX >= left && event.clientX < right;
      });
      if (!under) return;
      target = under;
      from = Math.max(0, Math.round((minutes(under, event.clientY) - grip) / step) * step);
      box.classList.add("box--moving");
      put(drawn, under, from, length);
    },
    url() {
      if (!target || (target === home && from === was)) return "";
      const query = new URLSearchParams({ day: target.dataset.day, start_time: clock(from) });
      return `${box.getAttribute("href")}?${query}`;
    },
    moved: () => target !== null,
    end() {
      box.classList.remove("box--moving");
      drawn.remove();
    },
  };
}
