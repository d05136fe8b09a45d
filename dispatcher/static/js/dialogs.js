// <dialog>, opened by [data-opens="id"], closed by [data-closes] or Escape.
// data-set-NAME on the opener fills the field NAME of the dialog; data-say-NAME fills [data-say="NAME"].
// The listening is done at the document, since live parts bring new buttons.

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) open(document.getElementById(opener.dataset.opens), opener);
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
  });
}

function open(dialog, opener) {
  for (const { name, value } of opener.attributes) {
    if (name.startsWith("data-set-")) {
      dialog.querySelector(`[name="${name.slice("data-set-".length)}"]`).value = value;
    } else if (name.startsWith("data-say-")) {
      dialog.querySelector(`[data-say="${name.slice("data-say-".length)}"]`).textContent = value;
    }
  }
  dialog.showModal();
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
