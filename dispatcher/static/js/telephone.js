// The telephone of the demonstration: conversations by number, as JSON says, and answers in the name of a number.

const EVERY = 1000;
const SLOWEST = 15_000;
const STATES = { queued: "en attente", sending: "envoi", sent: "envoyé", delivered: "remis", undelivered: "non remis", failed: "échec", refused: "refusé" };

const root = document.querySelector("[data-telephone]");
let contacts = byPhone(JSON.parse(document.getElementById("contacts").textContent));
const strangers = new Set(); // numbers that were asked about, and are nobody's
const lines = root.querySelector("[data-lines]");
const bubbles = root.querySelector("[data-bubbles]");
const reply = root.querySelector("[data-reply-form]");
const replyField = document.getElementById("reply");
const replyError = root.querySelector("[data-reply-error]");
const otherField = document.getElementById("other-number");
const lost = document.querySelector("[data-live-lost]");

let messages = [];
let current = null;
let etag = null;
let failures = 0;
let timer = null;
const seen = new Map(); // number -> how many of its messages have been looked at

async function ask() {
  try {
    const headers = { Accept: "application/json", "X-Live": "1" };
    if (etag) headers["If-None-Match"] = etag;
    const answer = await fetch(root.dataset.messagesUrl, { headers, cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (answer.status === 200) {
      etag = answer.headers.get("ETag");
      take(await answer.json());
    } else if (answer.status !== 304) {
      throw new Error(`unexpected status ${answer.status}`);
    }
    failures = 0;
    lost.hidden = true;
  } catch (problem) {
    failures += 1;
    console.warn("messages not read:", problem);
    if (failures > 1) lost.hidden = false;
  }
  plan();
}

// A request entered since this page was opened: whose number is it?
async function askNames(numbers) {
  numbers.forEach((number) => strangers.add(number));
  try {
    const answer = await fetch(root.dataset.contactsUrl, { headers: { Accept: "application/json", "X-Live": "1" }, cache: "no-store" });
    if (!answer.ok) throw new Error(`unexpected status ${answer.status}`);
    contacts = byPhone(await answer.json());
    showLines();
    showConversation();
  } catch (problem) {
    console.warn("names not read:", problem);
  }
}

function byPhone(people) {
  return new Map(people.map((contact) => [contact.phone, contact]));
}

function plan() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(ask, Math.min(EVERY * 2 ** failures, SLOWEST));
}

function take(found) {
  if (JSON.stringify(found) === JSON.stringify(messages)) return;
  messages = [...found].sort((one, other) => one.id - other.id);
  const numbers = conversations();
  if (numbers.some((number) => !contacts.has(number) && !strangers.has(number))) askNames(numbers);
  if (!current && numbers.length > 0) current = numbers[0];
  showLines(numbers);
  showConversation();
}

const numberOf = (message) => (message.direction === "out" ? message.to : message.from);
const ofNumber = (number) => messages.filter((message) => numberOf(message) === number);

// Most recent first.
function conversations() {
  const numbers = new Set([...messages].reverse().map(numberOf));
  if (current) numbers.add(current);
  return [...numbers];
}

function showLines(numbers = conversations()) {
  const focused = document.activeElement?.dataset?.number;
  lines.replaceChildren(...numbers.map(line));
  root.querySelector("[data-no-line]").hidden = numbers.length > 0;
  if (focused) lines.querySelector(`[data-number="${CSS.escape(focused)}"]`)?.focus();
}

function line(number) {
  const own = ofNumber(number);
  const last = own.at(-1);
  if (number === current) seen.set(number, own.length);
  const fresh = own.length - (seen.get(number) ?? 0);
  const button = element("button", "line");
  button.type = "button";
  button.dataset.number = number;
  button.setAttribute("aria-pressed", String(number === current));
  button.append(element("strong", "", nameOf(number)), element("span", "line__at", last ? hour(last.at) : ""));
  button.append(element("span", "line__last", last ? last.body : "Aucun message"));
  if (fresh > 0) {
    const badge = element("span", "line__new", String(fresh));
    badge.append(element("span", "visually-hidden", fresh > 1 ? " nouveaux SMS" : " nouveau SMS"));
    button.append(badge);
  }
  button.addEventListener("click", () => choose(number));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function choose(number) {
  current = number;
  showLines();
  showConversation();
}

function showConversation() {
  root.querySelector("[data-title]").textContent = current ? nameOf(current) : "Choisissez un numéro";
  root.querySelector("[data-shown-number]").textContent = current ? spaced(current) : "";
  reply.hidden = !current;
  bubbles.replaceChildren(...(current ? ofNumber(current).map(bubble) : []));
  bubbles.parentElement.scrollTop = bubbles.parentElement.scrollHeight;
}

function bubble(message) {
  const isMine = message.direction === "in"; // "in" for the server is what this telephone has sent
  const item = element("li", isMine ? "bubble bubble--mine" : "bubble");
  const text = document.createElement("p");
  text.append(...withLinks(message.body));
  const state = isMine ? "" : ` · ${STATES[message.status] ?? message.status}`;
  item.append(text, element("span", "", hour(message.at) + state));
  return item;
}

function withLinks(body) {
  return body.split(/(https?:\/\/[^\s]+[^\s.,;])/).map((part, index) => {
    if (index % 2 === 0) return part;
    const link = element("a", "", part);
    link.href = part;
    link.target = "_blank";
    link.rel = "noopener";
    return link;
  });
}

async function send(body) {
  replyError.hidden = true;
  try {
    const answer = await fetch(root.dataset.inboundUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ from: current, body }),
    });
    const said = await answer.json();
    if (answer.ok) replyField.value = "";
    if (!answer.ok) showReplyError(said.detail);
    else if (!said.known) showReplyError("Aucune CPTS n’a écrit à ce numéro : le SMS reste sans réponse.");
    ask();
  } catch (problem) {
    console.warn("reply not sent:", problem);
    showReplyError("Le SMS n’est pas parti. Réessayez.");
  }
}

function showReplyError(sentence) {
  replyError.textContent = sentence;
  replyError.hidden = false;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

const nameOf = (number) => contacts.get(number)?.label ?? spaced(number);

function hour(instant) {
  const at = new Date(instant);
  return `${at.getHours()}\u00a0h\u00a0${String(at.getMinutes()).padStart(2, "0")}`;
}


// +33639981234 -> 06 39 98 12 34, with spaces that do not break; numbers of other plans stay as they are.
function spaced(number) {
  const national = number.replace(/^\+33/, "0");
  return /^0\d{9}$/.test(national) ? national.replace(/(\d\d)(?=\d)/g, "$1\u00a0") : number;
}

function international(typed) {
  const digits = typed.replace(/[^\d+]/g, "");
  return /^0\d{9}$/.test(digits) ? `+33${digits.slice(1)}` : digits;
}

reply.addEventListener("submit", (event) => {
  event.preventDefault();
  if (replyField.value.trim()) send(replyField.value.trim());
});

for (const quick of root.querySelectorAll("[data-quick]")) {
  quick.addEventListener("click", () => send(quick.dataset.quick));
}

root.querySelector("[data-other-form]").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = international(otherField.value);
  if (!number) return;
  otherField.value = "";
  choose(number);
  replyField.focus();
});

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) ask();
});
ask();
