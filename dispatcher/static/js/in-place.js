// Actions that answer in place (htmx: hx-post with hx-select of the part in the answer's page).
// Should the answer not hold that part (the session has ended, an error page), the page is asked for again as a whole
// rather than emptied. Beside something that is being written (data-keeps-page names the notice to show) the page stays
// as it is: nothing typed is lost for want of a preview.

const noticeOf = (element) => document.getElementById(element.dataset.keepsPage ?? "");

export function startInPlaceAnswers() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    const notice = noticeOf(event.detail.requestConfig.elt);
    if (notice) notice.hidden = true;
    const answer = new DOMParser().parseFromString(xhr.responseText, "text/html");
    if (xhr.status === 200 && target.id && !answer.getElementById(target.id)) {
      event.detail.shouldSwap = false;
      if (notice) notice.hidden = false;
      else window.location.assign(xhr.responseURL);
    }
  });
  // Asked anew before the answer came: nothing is lost.
  document.addEventListener("htmx:sendAbort", (event) => {
    const notice = noticeOf(event.detail.elt);
    if (notice) notice.hidden = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) return;
    const notice = noticeOf(event.detail.elt);
    if (notice) notice.hidden = false;
    else window.location.reload();
  });
}
