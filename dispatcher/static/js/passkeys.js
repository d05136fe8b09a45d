// Passkeys: the button that asks the browser for one, and sends what it answers with its form.
//   [data-passkey="get|create"]   the button, shown where the browser knows passkeys
//   data-passkey-options          where the challenge comes from (POST, JSON)
//   data-passkey-field            the hidden field that takes the answer
//   [data-passkey-error]          within the form: says what went wrong

const SENTENCES = {
  NotAllowedError: "La clé d’accès n’a pas été utilisée. Recommencez quand vous voulez.",
  InvalidStateError: "Cet appareil a déjà une clé d’accès pour ce compte.",
  SecurityError: "À cette adresse, le navigateur refuse les clés d’accès.",
};
const OTHERWISE = "La clé d’accès n’a pas pu être utilisée. Rechargez la page et recommencez.";

export function startPasskeys() {
  if (!window.PublicKeyCredential) return;
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => ask(button));
    if (button.dataset.passkey !== "create") continue;
    // The Enter key in the field of its name asks as well.
    button.form.addEventListener("submit", (event) => {
      if (button.form.elements[button.dataset.passkeyField].value) return;
      event.preventDefault();
      ask(button);
    });
  }
}

async function ask(button) {
  const { form } = button;
  const kind = button.dataset.passkey;
  if (button.getAttribute("aria-busy") || (kind === "create" && !form.reportValidity())) return;
  const fault = form.querySelector("[data-passkey-error]");
  fault.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(button.dataset.passkeyOptions, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ csrf_token: form.elements.csrf_token.value }),
      redirect: "error",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const credential = await navigator.credentials[kind]({ publicKey: decoded(await answer.json()) });
    form.elements[button.dataset.passkeyField].value = JSON.stringify(encoded(credential));
    form.submit();
  } catch (error) {
    fault.textContent = SENTENCES[error.name] ?? OTHERWISE;
    fault.hidden = false;
    button.removeAttribute("aria-busy");
  }
}

// Browsers older than 2025 have no parseCreationOptionsFromJSON and no toJSON.
function decoded(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (options.user) publicKey.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    publicKey[list] = (options[list] ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
  }
  return publicKey;
}

function encoded(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

function bytes(base64url) {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
