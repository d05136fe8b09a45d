// Keys: n, / and ? anywhere but in a field, and the letters shown on the page's buttons (data-key): they can be switched
// off, WCAG 2.1.4. Ctrl+Enter saves the form at hand; digits choose in the strip of choices that holds the focus; Alt and a digit
// in the one that is marked data-alt-keys, from anywhere.

const SWITCH = "shortcuts";

export function startShortcuts() {
  const box = document.querySelector("[data-shortcuts-switch]");
  if (box) {
    box.checked = areOn();
    box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) saveForm(event);
    else if (event.altKey && !event.ctrlKey && !event.metaKey) pick(event);
    else if (!event.ctrlKey && !event.metaKey && !event.altKey) singleKey(event);
  });
}

function areOn() {
  return localStorage.getItem(SWITCH) !== "off";
}

function saveForm(event) {
  const open = document.querySelector("dialog[open] form");
  const form = open ?? event.target.closest("form") ?? document.querySelector("form[data-save-key]");
  if (!form || form.method !== "post" || "clearsDrafts" in form.dataset) return;
  event.preventDefault();
  form.requestSubmit();
}

function singleKey(event) {
  if (/^[1-9]$/.test(event.key)) {
    const strip = event.target.closest?.("[data-digit-keys]");
    if (strip) chooseByDigit(strip, Number(event.key), event);
    return;
  }
  if (!areOn() || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "n") go("new-request", event);
  else if (event.key === "/") go("search", event);
  else if (event.key === "?") help(event);
  else if (/^[a-z]$/i.test(event.key) && !event.repeat) press(event.key.toLowerCase(), event);
}

// Alt and a digit, wherever one is typing: the choice that is announced on the telephone; 0 is the last one, « none ».
function pick(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  const controls = document.querySelectorAll("[data-alt-keys] input[type=radio]");
  if (digit === undefined || controls.length === 0) return;
  const control = digit === "0" ? controls[controls.length - 1] : controls[Number(digit) - 1];
  if (!control) return;
  event.preventDefault();
  control.click();
}

function chooseByDigit(strip, digit, event) {
  const control = strip.querySelectorAll("input")[digit - 1];
  if (!control) return;
  event.preventDefault();
  control.focus();
  // Whoever types the digit of the only choice made means it: it is not taken away.
  const chosen = strip.querySelectorAll("input:checked");
  if (control.checked && chosen.length === 1) return;
  control.click();
}

function go(name, event) {
  // The search field of this page, when it has one, before the link that leads to it.
  const target = document.querySelector(`input[data-go="${name}"]`) ?? document.querySelector(`[data-go="${name}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) target.focus();
  else target.click();
}

// The page's own keys: a button that is not shown has none.
function press(key, event) {
  // Where each of several things has the same key, it is the one that holds the focus that is meant.
  const scope = document.activeElement?.closest("[data-key-scope]") ?? document;
  const button = scope.querySelector(`[data-key="${key}"]`);
  if (!button || !button.checkVisibility()) return;
  event.preventDefault();
  button.click();
}

function help(event) {
  const dialog = document.getElementById("shortcuts-help");
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
}

// A field whose dialog was just closed holds the focus until the next frame: nobody types there.
function isTyping(element) {
  return (
    element.matches?.("input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]") &&
    element.checkVisibility()
  );
}
