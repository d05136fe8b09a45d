// What was typed and not yet saved outlives a reload, a lost connection and a session that ended: it waits in this tab.
// Patient data: sessionStorage only (gone with the tab), one owner, cleared by signing out and by success.
//   form[data-draft="name"]       saved at each change; with data-draft-served the server's own values win
//   body[data-draft-done="name"]  the request has been saved: forget it
//   form[data-clears-drafts]      signing out
//   [data-draft-kept]             on a page that says no: shown where something is kept; [data-draft-back] leads to its form

const PREFIX = "draft:";

export function startDraft() {
  const done = document.body.dataset.draftDone;
  if (done) sessionStorage.removeItem(PREFIX + done);
  for (const form of document.querySelectorAll("form[data-clears-drafts]")) {
    form.addEventListener("submit", forgetAll);
  }
  tellWhatIsKept();
  const form = document.querySelector("form[data-draft]");
  if (form) keep(form, PREFIX + form.dataset.draft, document.body.dataset.viewer ?? "");
}

function keep(form, key, owner) {
  const notice = document.querySelector("[data-draft-notice]");
  const state = form.querySelector("[data-draft-state]");
  const saved = read(key);
  if (saved && saved.owner !== owner) {
    sessionStorage.removeItem(key);
  } else if (saved && !("draftServed" in form.dataset)) {
    fill(form, saved.fields);
    if (notice) notice.hidden = false;
  }

  const save = () => {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
    sessionStorage.setItem(key, JSON.stringify({ owner, fields, path: window.location.pathname }));
    if (state) state.textContent = "Saisie conservée dans cet onglet.";
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);

  const forget = () => sessionStorage.removeItem(key);
  form.querySelector("[data-draft-abandon]")?.addEventListener("click", forget);
  document.querySelector("[data-draft-forget]")?.addEventListener("click", () => {
    forget();
    window.location.assign(window.location.pathname);
  });
}

function tellWhatIsKept() {
  const notice = document.querySelector("[data-draft-kept]");
  const back = document.querySelector("[data-draft-back]");
  if (!notice || !back) return;
  const kept = drafts().map(read).filter((draft) => draft?.path);
  const latest = kept.find(({ path }) => path === window.location.pathname) ?? kept[0];
  if (!latest) return;
  notice.hidden = false;
  back.hidden = false;
  back.href = latest.path;
}

function drafts() {
  return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    sessionStorage.removeItem(key); // not ours any more: an older version wrote it differently
    return null;
  }
}

function fill(form, fields) {
  for (const control of form.elements) {
    if (!control.name || control.name === "csrf_token" || control.type === "submit") continue;
    const values = fields.filter(([name]) => name === control.name).map(([, value]) => value);
    if (control.type === "radio" || control.type === "checkbox") {
      control.checked = values.includes(control.value);
      // a choice that was made is not hidden under a fold
      if (control.checked) control.closest("details")?.setAttribute("open", "");
    } else if (values.length > 0) control.value = values[0];
  }
}

function forgetAll() {
  for (const key of drafts()) sessionStorage.removeItem(key);
}
