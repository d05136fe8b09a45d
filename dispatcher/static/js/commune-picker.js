// The commune, picked by name or postcode: an ARIA 1.2 combobox with a list of suggestions.
// GET source?q=… answers [{insee, name, postcodes: ["39000"], department}]. The INSEE code goes into the hidden field.
// Leaving the field with a single suggestion, or a complete postcode with a single commune, chooses it.

const PAUSE = 120; // milliseconds without a key before asking
const SHORTEST = 2;

export function startCommunePickers(root = document) {
  for (const field of root.querySelectorAll("[data-commune-picker]")) {
    new CommunePicker(field);
  }
}

class CommunePicker {
  constructor(field) {
    this.source = field.dataset.communePicker;
    this.box = field.querySelector(".picker");
    this.input = field.querySelector("[role=combobox]");
    this.code = field.querySelector("input[type=hidden]");
    this.list = field.querySelector("[role=listbox]");
    this.status = field.querySelector("[data-picker-status]");
    this.found = [];
    this.active = -1;
    this.asked = 0;
    this.pending = null;

    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.left());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.index));
    });
    this.input.form?.addEventListener("filled", () => this.mark());
    this.mark();
  }

  typed() {
    this.code.value = "";
    this.mark();
    clearTimeout(this.pending);
    const words = this.input.value.trim();
    if (words.length < SHORTEST) {
      this.found = [];
      this.close();
      return;
    }
    this.pending = setTimeout(() => this.ask(words), PAUSE);
  }

  async ask(words) {
    this.pending = null;
    const turn = ++this.asked;
    try {
      const url = new URL(this.source, window.location.href);
      url.searchParams.set("q", words);
      const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const found = await answer.json();
      if (turn !== this.asked) return; // a later key has asked something else
      this.found = found;
    } catch (problem) {
      console.warn("communes not found:", problem);
      this.status.textContent = "La liste des communes ne répond pas. Saisissez le nom complet.";
      return;
    }
    if (document.activeElement !== this.input || this.code.value) {
      this.settle();
      return;
    }
    if (this.found.length === 1 && /^\d{5}$/.test(words)) this.choose(0);
    else this.open();
  }

  open() {
    this.active = this.found.length > 0 ? 0 : -1;
    this.list.replaceChildren(...this.found.map((commune, index) => this.option(commune, index)));
    this.list.hidden = this.found.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.status.textContent =
      this.found.length === 0
        ? "Aucune commune trouvée."
        : `${this.found.length} commune${this.found.length > 1 ? "s proposées" : " proposée"}.`;
    this.point();
  }

  option(commune, index) {
    const item = document.createElement("li");
    item.id = `${this.list.id}-${index}`;
    item.dataset.index = String(index);
    item.setAttribute("role", "option");
    const name = document.createElement("strong");
    name.textContent = commune.name;
    const where = document.createElement("span");
    where.textContent = commune.postcodes.slice(0, 2).join(", ") || commune.department;
    item.append(name, where);
    return item;
  }

  point() {
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === this.active)));
    const item = this.list.children[this.active];
    if (item) {
      this.input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  close() {
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const isOpen = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (this.found.length === 0) return;
      event.preventDefault();
      if (!isOpen) {
        this.open();
        return;
      }
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.active = (this.active + step + this.found.length) % this.found.length;
      this.point();
    } else if (event.key === "Enter" && isOpen && !event.ctrlKey && !event.metaKey) {
      event.preventDefault(); // the list takes it, not the form
      this.choose(this.active);
    } else if (event.key === "Tab" && isOpen) {
      this.choose(this.active); // and the focus goes on by itself
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      this.close();
    }
  }

  // Left before the answer was there: the answer will settle it.
  left() {
    this.close();
    this.settle();
  }

  settle() {
    if (!this.code.value && !this.pending && this.found.length === 1 && this.input.value.trim()) this.choose(0);
  }

  choose(index) {
    const commune = this.found[index];
    if (!commune) return;
    const typed = this.input.value.trim();
    const postcode = commune.postcodes.includes(typed) ? typed : commune.postcodes[0];
    this.input.value = postcode ? `${commune.name} (${postcode})` : commune.name;
    this.code.value = commune.insee;
    this.status.textContent = `${commune.name} choisie.`;
    this.found = [];
    this.close();
    this.mark();
    this.code.dispatchEvent(new Event("change", { bubbles: true }));
  }

  mark() {
    this.box.classList.toggle("picker--chosen", this.code.value !== "");
  }
}
