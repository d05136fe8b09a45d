// Small comforts of forms, each without which the form still works.
//   [data-focus]              takes the focus when the page opens (the summary of errors)
//   [data-follows=NAME]       a select or a fieldset: shows only the group whose data-key is the chosen radio NAME
//   [data-reveals]            shows [data-revealed=ID] while the box or button ID is chosen
//   [data-step=ID]            moves a select or a number by data-by
//   [data-fill-form=ID]       fills the form's fields from data-fill-NAME, and goes on to data-then or the button that sends
//   a second submit of a form while the first one travels is stopped

export function startFormComforts() {
  document.querySelector("[data-focus]")?.focus();
  document.querySelectorAll("[data-follows]").forEach(follow);
  document.querySelectorAll("[data-reveals]").forEach(reveal);
  document.addEventListener("click", (event) => {
    const stepper = event.target.closest("[data-step]");
    if (stepper) step(document.getElementById(stepper.dataset.step), Number(stepper.dataset.by));
    const filler = event.target.closest("[data-fill-form]");
    if (filler) fill(filler);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.travelling) {
      event.preventDefault();
      return;
    }
    form.dataset.travelling = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // Coming back by the browser's arrow shows the page as it was left: let it be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-travelling]")) {
      delete form.dataset.travelling;
      form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    }
  });
}

function follow(list) {
  const form = list.form;
  const groups = [...list.querySelectorAll("[data-key]")];
  const show = () => {
    const key = form.querySelector(`[name="${list.dataset.follows}"]:checked`)?.value;
    const hadChoice = list.selectedOptions?.[0]?.parentElement;
    for (const group of groups) {
      const isShown = !key || group.dataset.key === key;
      group.hidden = !isShown;
      group.disabled = !isShown;
      if (!isShown && hadChoice === group) list.value = "";
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === list.dataset.follows) show();
  });
  show();
}

function reveal(part) {
  for (const hidden of part.querySelectorAll("[data-revealed]")) {
    const box = document.getElementById(hidden.dataset.revealed);
    const show = () => {
      hidden.hidden = !box.checked;
    };
    // A radio button says nothing when another takes its place: listen to the form.
    box.form.addEventListener("change", show);
    show();
  }
}

function step(control, by) {
  if (control.matches("select")) {
    const next = control.selectedIndex + by;
    if (next >= 0 && next < control.options.length) control.selectedIndex = next;
  } else if (by > 0) {
    control.stepUp(by);
  } else {
    control.stepDown(-by);
  }
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

function fill(filler) {
  const form = document.getElementById(filler.dataset.fillForm);
  for (const { name, value } of filler.attributes) {
    if (!name.startsWith("data-fill-") || name === "data-fill-form") continue;
    form.querySelector(`[name="${name.slice("data-fill-".length)}"]`).value = value;
  }
  form.dispatchEvent(new Event("filled"));
  form.dispatchEvent(new Event("change", { bubbles: true }));
  const next = filler.dataset.then ? document.getElementById(filler.dataset.then) : form;
  (next.querySelector("input:checked") ?? next.querySelector("[type=submit]")).focus();
}
