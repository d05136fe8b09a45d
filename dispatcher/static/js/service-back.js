// A page that says that the service is away tells when it answers again, so that nobody has to try.
//   [data-waits-for=URL]  asked every few seconds, and more rarely the longer it lasts; a live region that then speaks

const FIRST = 2_000;
const SLOWEST = 15_000;
const PATIENCE = 10_000;

export function startServiceBack() {
  const region = document.querySelector("[data-waits-for]");
  if (region) ask(region, FIRST);
}

function ask(region, wait) {
  setTimeout(async () => {
    if (await answers(region.dataset.waitsFor)) region.textContent = "Le service répond de nouveau.";
    else ask(region, Math.min(wait * 1.5, SLOWEST));
  }, wait);
}

async function answers(url) {
  try {
    const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok;
  } catch {
    return false; // the line is down as well
  }
}
