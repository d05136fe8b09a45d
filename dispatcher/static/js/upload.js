// A form that sends a large file: how far it is, then the page that answers.
//   data-upload            the form; without script it is sent as any other
//   data-upload-progress   shown while it is sent, with a <progress>
//   data-upload-label      what is being done, spoken as it changes
const form = document.querySelector("form[data-upload]");
form?.addEventListener("submit", (event) => {
  if (!form.querySelector('input[type="file"]').files.length) return;
  event.preventDefault();
  const shown = form.querySelector("[data-upload-progress]");
  const bar = shown.querySelector("progress");
  const label = shown.querySelector("[data-upload-label]");
  const button = form.querySelector('button[type="submit"]');
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = total ? (100 * loaded) / total : 0;
  });
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value");
    label.textContent = "Fichier reçu. Lecture en cours…";
  });
  request.addEventListener("load", () => answered(request));
  request.addEventListener("error", () => {
    shown.hidden = true;
    button.disabled = false;
    form.submit(); // the browser itself then says what is wrong with the connection
  });
  shown.hidden = false;
  button.disabled = true;
  request.open("POST", form.action);
  request.send(new FormData(form));
});

function answered(request) {
  if (request.status < 400) {
    window.location.assign(request.responseURL);
    return;
  }
  // The form again, with a sentence at each field.
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
  document.querySelector("[data-focus]")?.focus();
}
