// <dialog>, opened by [data-opens="id"], closed by [data-closes] or Escape.
// data-set-NAME on the opener fills the field NAME of the dialog, or chooses among its buttons of that name;
// data-say-NAME fills [data-say="NAME"]. A dialog that was refused ([data-reopened]) opens again as it was left.
// The listening is done at the document, since live parts bring new buttons.

export function startDialogs() {
  for (const dialog of document.querySelectorAll("dialog[data-reopened]")) {
    dialog.removeAttribute("open"); // shown without script; with it, in front of the page
    dialog.showModal();
    dialog.querySelector("[aria-invalid=true]")?.focus();
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) open(document.getElementById(opener.dataset.opens), opener);
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
  });
}

function set(controls, value) {
  for (const control of controls) {
    if (control.type === "radio") control.checked = control.value === value;
    else control.value = value;
  }
}

function open(dialog, opener) {
  for (const { name, value } of opener.attributes) {
    if (name.startsWith("data-set-")) {
      set(dialog.querySelectorAll(`[name="${name.slice("data-set-".length)}"]`), value);
    } else if (name.startsWith("data-say-")) {
      dialog.querySelector(`[data-say="${name.slice("data-say-".length)}"]`).textContent = value;
    }
  }
  dialog.showModal();
  // What was chosen by the opener is confirmed by Enter.
  const chosen = opener.matches("[data-set-to]") && dialog.querySelector("input[type=radio]:checked");
  if (chosen) chosen.focus();
  dialog.addEventListener(
    "close",
    () => {
      // A live part may have replaced the opener meanwhile: its successor has the same id.
      const back = opener.isConnected ? opener : opener.id && document.getElementById(opener.id);
      if (back) back.focus();
    },
    { once: true },
  );
}
