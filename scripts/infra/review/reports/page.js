"use strict";
// Without this script the page is whole and can be opened and closed; with it, it can be searched and filtered.
(() => {
  const changes = [...document.querySelectorAll(".change")];
  const tools = document.querySelector(".tools");
  if (!tools) return;
  tools.hidden = false;
  const search = tools.querySelector("input");
  const risks = [...tools.querySelectorAll("[data-filter]")];
  const shown = tools.querySelector(".shown");
  const all = tools.querySelector("[data-all]");
  const nodes = [...document.querySelectorAll("svg.map .changing")];
  const texts = new Map(); // what is searched; made when first needed
  let module = null;

  const textOf = (change) => {
    if (!texts.has(change)) texts.set(change, change.textContent.toLowerCase());
    return texts.get(change);
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = new Set(risks.filter((b) => b.getAttribute("aria-pressed") === "false").map((b) => b.dataset.filter));
    let count = 0;
    for (const change of changes) {
      const visible =
        !off.has(change.dataset.risk) &&
        (module === null || change.dataset.module === module) &&
        (words.length === 0 || words.every((word) => textOf(change).includes(word)));
      change.hidden = !visible;
      count += visible;
    }
    const where = module === null ? "" : ` in ${module || "(root)"}`;
    all.hidden = count === changes.length;
    shown.textContent = `${count.toLocaleString("en")} of ${changes.length.toLocaleString("en")} changes${where}`;
  };
  const pick = (name) => {
    module = name;
    for (const node of nodes) {
      node.classList.toggle("picked", node.dataset.module === module);
      node.setAttribute("aria-pressed", String(node.dataset.module === module));
    }
    filter();
  };
  const reset = () => {
    search.value = "";
    for (const button of risks) button.setAttribute("aria-pressed", "true");
    pick(null);
  };
  const open = (value) => {
    for (const change of changes) if (!change.hidden) change.open = value;
  };
  const step = (by) => {
    const visible = changes.filter((change) => !change.hidden);
    if (visible.length === 0) return;
    const now = visible.indexOf(document.activeElement.closest(".change"));
    const next = now < 0 ? (by > 0 ? 0 : visible.length - 1) : Math.min(Math.max(now + by, 0), visible.length - 1);
    visible[next].querySelector("summary").focus();
    visible[next].scrollIntoView({ block: "nearest" });
  };

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  for (const button of risks) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") === "false"));
      filter();
    });
  }
  tools.querySelector("[data-open]").addEventListener("click", () => open(true));
  tools.querySelector("[data-close]").addEventListener("click", () => open(false));
  all.addEventListener("click", reset);
  for (const node of nodes) {
    const toggle = () => {
      pick(module === node.dataset.module ? null : node.dataset.module);
      if (module !== null) tools.closest("section").scrollIntoView();
    };
    node.addEventListener("click", toggle);
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      search.blur();
      reset();
      return;
    }
    if (event.target === search) return;
    const act = { "/": () => search.focus(), j: () => step(1), k: () => step(-1), e: () => open(true), c: () => open(false) };
    if (!Object.hasOwn(act, event.key)) return;
    event.preventDefault();
    act[event.key]();
  });
  filter();
})();
