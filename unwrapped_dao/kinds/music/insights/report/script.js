(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");

  // Light and dark: the system's choice until the reader makes one.
  const theme = document.getElementById("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // Values: every mark carries its text; pointer, touch and arrow keys show it.
  const tip = document.getElementById("tip");
  const spoken = document.getElementById("spoken");
  let marked = null;
  const hide = () => {
    tip.classList.remove("on");
    if (marked) marked.classList.remove("on");
    marked = null;
  };
  const show = (mark, x, y) => {
    if (marked && marked !== mark) marked.classList.remove("on");
    marked = mark;
    mark.classList.add("on");
    const [head, ...rest] = mark.dataset.t.split("|");
    const chart = mark.closest("[data-chart]");
    const readout = chart && chart.querySelector("[data-readout]");
    if (readout) {
      readout.firstElementChild.textContent = head;
      readout.lastElementChild.textContent = rest.join(" ");
      return;
    }
    tip.replaceChildren();
    const strong = document.createElement("b");
    strong.textContent = head;
    tip.append(strong);
    if (rest.length) tip.append(rest.join(" "));
    tip.classList.add("on");
    const box = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(x - box.width / 2, innerWidth - box.width - 8));
    const above = y - box.height - 16;
    tip.style.left = left + "px";
    tip.style.top = (above < 8 ? y + 22 : above) + "px";
  };
  const point = (event) => {
    const mark = event.target.closest ? event.target.closest("[data-t]") : null;
    if (mark) show(mark, event.clientX, event.clientY);
    else hide();
  };
  addEventListener("pointermove", point, { passive: true });
  addEventListener("pointerdown", point, { passive: true });
  addEventListener("scroll", hide, { passive: true });
  for (const plot of all(".plot[tabindex]")) {
    let at = -1;
    plot.addEventListener("keydown", (event) => {
      const marks = all("[data-t]", plot);
      const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
      if (event.key === "Escape") return hide();
      if (!marks.length || (!by && event.key !== "Home" && event.key !== "End")) return;
      event.preventDefault();
      at = event.key === "Home" ? 0 : event.key === "End" ? marks.length - 1 : at + by;
      at = Math.max(0, Math.min(marks.length - 1, at));
      const box = marks[at].getBoundingClientRect();
      show(marks[at], box.left + box.width / 2, Math.max(box.top, 40));
      spoken.textContent = marks[at].dataset.t.replace("|", ", ");
    });
    plot.addEventListener("blur", hide);
  }

  // Years: one poster at a time.
  const tabs = all('[role="tab"]');
  const choose = (tab, focus) => {
    for (const other of tabs) {
      const on = other === tab;
      other.setAttribute("aria-selected", on ? "true" : "false");
      other.tabIndex = on ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !on;
    }
    if (focus) tab.focus();
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(tab, false));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose(tabs[(to + tabs.length) % tabs.length], true);
    });
    if (tab.getAttribute("aria-selected") === "true") {
      choose(tab, false);
      tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft;
    }
  });

  // The stream: pick one artist out.
  const picks = all("[data-pick]");
  for (const pick of picks) {
    pick.addEventListener("click", () => {
      const on = pick.getAttribute("aria-pressed") !== "true";
      for (const other of picks) other.setAttribute("aria-pressed", on && other === pick ? "true" : "false");
      for (const band of all("[data-band]")) {
        band.classList.toggle("dim", on && band.dataset.band !== pick.dataset.pick);
      }
    });
  }

  // Tops of any window: add up the steps between the two ends.
  const sliders = document.querySelector("[data-sliders]");
  if (sliders) {
    const data = JSON.parse(document.getElementById("windows").textContent);
    const [from, to] = all("input", sliders);
    const [fromName, toName] = all("output", sliders);
    const list = document.querySelector("#window-list ol");
    const amount = (weight) => {
      if (!data.timed) return weight.toLocaleString("en") + (weight === 1 ? " play" : " plays");
      if (weight < 60000) return Math.floor(weight / 1000) + " s";
      const minutes = Math.floor((weight + 30000) / 60000);
      if (minutes < 60) return minutes + " min";
      const hours = Math.floor(minutes / 60), rest = minutes % 60;
      if (minutes < 600) return hours + " h" + (rest ? " " + String(rest).padStart(2, "0") + " min" : "");
      return Math.floor((minutes + 30) / 60).toLocaleString("en") + " h";
    };
    const part = (tag, className, text) => {
      const made = document.createElement(tag);
      made.className = className;
      made.textContent = text;
      return made;
    };
    const draw = (moved) => {
      if (+from.value > +to.value) (moved === from ? to : from).value = moved.value;
      fromName.textContent = data.from[+from.value];
      toName.textContent = data.to[+to.value];
      const sums = data.artists.map(([name, weights], i) => {
        let sum = 0;
        for (let k = +from.value; k <= +to.value; k++) sum += weights[k];
        return { name, sum, i };
      });
      // The artists come in order of name, which settles equal sums as the printed list does.
      const best = sums.filter((s) => s.sum > 0).sort((a, b) => b.sum - a.sum || a.i - b.i).slice(0, 10);
      list.replaceChildren(
        ...best.map((s) => {
          const item = document.createElement("li");
          const bar = part("span", "bar", "");
          bar.style.setProperty("--w", (s.sum / best[0].sum).toFixed(4));
          item.append(part("bdi", "what", s.name), part("span", "value", amount(s.sum)), bar);
          return item;
        })
      );
      if (!best.length) list.replaceChildren(part("li", "none", "Silence."));
    };
    for (const slider of [from, to]) slider.addEventListener("input", () => draw(slider));
  }

  // The card: the page already holds it; a canvas turns it into a PNG.
  const card = document.getElementById("card");
  const save = (url, name) => {
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
  };
  for (const button of all("[data-save]")) {
    button.addEventListener("click", () => {
      if (button.dataset.save === "svg") return save(card.src, "card.svg");
      const canvas = document.createElement("canvas");
      canvas.width = 1080;
      canvas.height = 1350;
      canvas.getContext("2d").drawImage(card, 0, 0, 1080, 1350);
      canvas.toBlob((blob) => {
        const url = URL.createObjectURL(blob);
        save(url, "card.png");
        setTimeout(() => URL.revokeObjectURL(url), 10000);
      }, "image/png");
    });
  }
})();
