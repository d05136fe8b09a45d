// Actions that answer in place (htmx: hx-post with hx-select of the part in the answer's page).
// Should the answer not hold that part (the session has ended, an error page), the page is asked for again as a whole
// rather than emptied.

export function startInPlaceAnswers() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    const answer = new DOMParser().parseFromString(xhr.responseText, "text/html");
    if (xhr.status === 200 && target.id && !answer.getElementById(target.id)) {
      event.detail.shouldSwap = false;
      window.location.assign(xhr.responseURL);
    }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) window.location.reload();
  });
}
