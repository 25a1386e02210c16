/* The one script of the product. Every page works without it; it only saves a page load or a wait.

   A fragment is HTML whose top-level elements have ids: each takes the place of the element with that id on the page. It is
   asked for with the header "X-Fragment: 1" at the URL given in the attribute.

   data-poll="URL"            fetched after 2 s, later 5 s, later 30 s (data-every="5" keeps one rhythm) until no element has it
   data-refresh-url="URL"     on a form: its fields are posted there after a change, data-refresh-after="600" ms of rest
   data-save-url="URL"        on a form: posted every 10 s while there is something new; [data-save-note] says how it went
   data-count="ID"            on a textarea: words, and with data-limit characters, are written into that element
   data-total="ID"            on a form: characters and bytes of all its textareas together, with data-total-limit
   data-most="3"              on a fieldset: no more boxes than that can be ticked
   data-busy="Signing…"       on a button: its words while the form is on its way
   data-unsaved               on a form: leaving with changes asks first
   data-confirm               on a link to a confirm page: the question comes as a dialog instead
   data-copy="TEXT", data-copy-from="ID"
   data-undo="60"             seconds left of data-of="60"; [data-left] and .ring inside .undo step each second
   data-check-all="NAME"      a box that ticks all boxes of that name
   data-key="j"               on a link or button of the desk: that key presses it
   data-updated               "Updated 3 s ago", amber after 30 s */
(() => {
  "use strict";
  const page = document;
  const all = (selector, root = page) => [...root.querySelectorAll(selector)];
  const said = (words) => {
    const line = page.getElementById("said");
    if (line) line.textContent = words;
  };
  page.documentElement.classList.add("js");

  /* ---- fragments ---- */
  const ask = async (url, options = {}) => {
    const answer = await fetch(url, {
      credentials: "same-origin",
      ...options,
      headers: { "X-Fragment": "1", ...(options.headers || {}) },
    });
    if (answer.status === 204) return "";
    // a form that is not right yet still shows its panel
    if (!answer.ok && answer.status !== 422) throw new Error(`answered ${answer.status}`);
    if (answer.redirected && !answer.headers.get("X-Fragment")) throw new Error("led elsewhere");
    return answer.text();
  };

  /** Puts each top-level element in the place of its namesake; focus and open details stay. Returns how many changed. */
  const swap = (html) => {
    const box = page.createElement("template");
    box.innerHTML = html;
    let changed = 0;
    for (const fresh of [...box.content.children]) {
      const old = fresh.id && page.getElementById(fresh.id);
      if (!old || old.outerHTML === fresh.outerHTML) continue;
      const held = old.contains(page.activeElement) ? page.activeElement.id : "";
      for (const open of all("details[open][id]", old)) fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
      old.replaceWith(fresh);
      prepare(fresh);
      if (held) page.getElementById(held)?.focus({ preventScroll: true });
      changed += 1;
    }
    return changed;
  };

  const failed = (near) => {
    const note = near?.querySelector("[data-stale]");
    if (note) {
      note.hidden = false;
      note.textContent = "Not updated, try again";
    } else said("Not updated, try again");
  };
  const fresh = (near) => {
    const note = near?.querySelector("[data-stale]");
    if (note) note.hidden = true;
  };

  /* ---- polling: 2 s for half a minute, 5 s for three, then 30 s; rests while nobody looks ---- */
  const polls = new Map();
  const rhythm = (since, every) => {
    if (every) return every * 1000;
    const age = Date.now() - since;
    return age < 30_000 ? 2000 : age < 210_000 ? 5000 : 30_000;
  };
  const poll = (id) => {
    const place = page.getElementById(id);
    const state = polls.get(id);
    if (!place || !place.dataset.poll) return polls.delete(id);
    state.timer = setTimeout(async () => {
      if (page.hidden) {
        state.rests = true;
        return;
      }
      try {
        const html = await ask(place.dataset.poll);
        swap(html);
        fresh(page.getElementById(id));
        updated = Date.now();
      } catch {
        failed(page.getElementById(id));
      }
      poll(id);
    }, rhythm(state.since, Number(place.dataset.every)));
  };
  page.addEventListener("visibilitychange", () => {
    if (page.hidden) return;
    for (const [id, state] of polls) {
      if (!state.rests) continue;
      state.rests = false;
      state.since = Date.now();
      poll(id);
    }
  });

  let updated = Date.now();
  setInterval(() => {
    if (page.hidden) return;
    const age = Math.round((Date.now() - updated) / 1000);
    for (const line of all("[data-updated]")) {
      line.textContent = age < 2 ? "Updated just now" : age < 90 ? `Updated ${age} s ago` : `Updated ${Math.round(age / 60)} min ago`;
      line.classList.toggle("old", age > 30);
    }
  }, 1000);

  /* ---- a form whose panel follows it ---- */
  const refreshers = new WeakMap();
  const refresh = (form) => {
    const state = refreshers.get(form) || {};
    refreshers.set(form, state);
    clearTimeout(state.timer);
    state.timer = setTimeout(async () => {
      state.going?.abort();
      state.going = new AbortController();
      try {
        const html = await ask(form.dataset.refreshUrl, { method: "POST", body: new FormData(form), signal: state.going.signal });
        swap(html);
        fresh(page);
      } catch (error) {
        if (error.name !== "AbortError") failed(page);
      }
    }, Number(form.dataset.refreshAfter) || 200);
  };

  /* ---- a draft kept while somebody writes ---- */
  const unsaved = new WeakSet();
  const save = async (form) => {
    if (!unsaved.has(form) || form.dataset.sending) return;
    unsaved.delete(form);
    const note = form.querySelector("[data-save-note]");
    try {
      await ask(form.dataset.saveUrl, { method: "POST", body: new FormData(form) });
      const at = new Date().toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" }).toLowerCase();
      if (note) note.textContent = `Saved ${at}`;
    } catch {
      unsaved.add(form);
      if (note) note.textContent = "Not saved yet. It is kept here; we try again.";
    }
  };

  /* ---- words and characters: in the one form that the server counts (domain/texts.py, tidy) ---- */
  const format = (n) => n.toLocaleString("en-US");
  const tidy = (text) =>
    text
      .normalize("NFC")
      .replace(/\r\n|[\r\u2028\u2029\v\f\u0085]/g, "\n")
      .replace(/[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff]/g, "")
      .replace(/[^\S\n]+\n/g, "\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim();
  const total = (form) => {
    const line = page.getElementById(form.dataset.total);
    if (!line) return;
    const text = all("textarea", form).map((area) => tidy(area.value)).filter(Boolean).join("\n\n");
    const characters = [...text].length;
    const bytes = new TextEncoder().encode(text).length;
    const limit = Number(form.dataset.totalLimit);
    const attached = Math.max(characters, bytes) > limit ? " It goes as an attached file." : "";
    line.textContent = `${format(characters)} characters in ${format(bytes)} bytes; ${format(limit)} of each fit.${attached}`;
  };
  const count = (area) => {
    const line = page.getElementById(area.dataset.count);
    if (!line) return;
    const text = area.value.trim();
    const words = text ? text.split(/\s+/).length : 0;
    const limit = Number(area.dataset.limit);
    const length = [...tidy(area.value)].length;
    let says = words === 1 ? "1 word." : `${format(words)} words.`;
    if (limit && length > limit) says = `${format(length)} characters; ${format(limit)} fit. Cut ${format(length - limit)}.`;
    else if (limit && length > limit * 0.8) says += ` ${format(limit - length)} characters left.`;
    line.textContent = says;
    line.classList.toggle("c-danger", Boolean(limit) && length > limit);
  };

  /* ---- confirm page as a dialog ---- */
  const confirm = async (link) => {
    let body;
    try {
      const box = page.createElement("template");
      box.innerHTML = await ask(link.href, { headers: { "X-Fragment": "0" } });
      body = box.content.querySelector("[data-confirm-body]");
    } catch {
      body = null;
    }
    if (!body) {
      location.assign(link.href);
      return;
    }
    const dialog = page.createElement("dialog");
    dialog.className = "dialog";
    dialog.setAttribute("aria-labelledby", "confirm-h");
    body.className = "";
    dialog.append(body);
    const title = body.querySelector("h1");
    if (title) {
      const smaller = page.createElement("h2");
      smaller.id = "confirm-h";
      smaller.textContent = title.textContent;
      title.replaceWith(smaller);
    }
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-keep]")) {
        event.preventDefault();
        dialog.close();
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      link.focus();
    });
    page.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[data-keep]")?.focus();
  };

  /* ---- copy ---- */
  const copy = async (button) => {
    const from = button.dataset.copyFrom && page.getElementById(button.dataset.copyFrom);
    const text = from ? (from.value ?? from.innerText) : button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
      said("Copied");
      const words = button.querySelector("[data-words]") || button;
      if (!words.dataset.before) {
        words.dataset.before = words.textContent;
        words.textContent = "Copied";
        setTimeout(() => {
          words.textContent = words.dataset.before;
          delete words.dataset.before;
        }, 2000);
      }
    } catch {
      from?.select?.();
      said("Press Ctrl and C to copy");
    }
  };

  /* ---- undo: steps each second, says so once, asks the server at the end ---- */
  const undo = (place) => {
    const whole = Number(place.dataset.of) || 60;
    const end = Date.now() + Number(place.dataset.undo) * 1000;
    let told = false;
    const step = () => {
      if (!place.isConnected) return;
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      place.querySelector(".rv")?.setAttribute("stroke-dasharray", `${Math.min(100, (100 * left) / whole)} 100`);
      const figure = place.querySelector(".ring text");
      if (figure) figure.textContent = String(left);
      for (const each of all("[data-left]")) each.textContent = each.dataset.left === "s" ? `${left} s` : left === 1 ? "1 second" : `${left} seconds`;
      if (left <= 15 && !told) {
        told = true;
        said(`${left} seconds left to undo`);
      }
      if (left > 0) setTimeout(step, (end - Date.now()) % 1000 || 1000);
      else setTimeout(() => location.replace(location.href.split("#")[0]), 1500);
    };
    for (const each of all("[data-counting]", place)) each.hidden = false;
    for (const each of all("[data-leaves-at]", place)) each.classList.add("vh"); // a screen reader is told the time, once
    step();
  };

  /* ---- toasts: 8 s, as long as nobody is at them ---- */
  const toast = (line) => {
    let timer;
    const start = () => {
      timer = setTimeout(() => line.remove(), 8000);
    };
    const stop = () => clearTimeout(timer);
    const close = page.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", "Close this message");
    close.addEventListener("click", () => line.remove());
    line.append(close);
    for (const name of ["mouseenter", "focusin"]) line.addEventListener(name, stop);
    for (const name of ["mouseleave", "focusout"]) line.addEventListener(name, start);
    start();
  };

  /* ---- what a new piece of page needs ---- */
  const prepare = (root) => {
    const own = (selector) => [...(root.matches?.(selector) ? [root] : []), ...all(selector, root)];
    for (const place of own("[data-poll]")) {
      if (!place.id || polls.has(place.id)) continue;
      polls.set(place.id, { since: Date.now() });
      poll(place.id);
    }
    for (const place of own("[data-undo]")) undo(place);
    for (const line of own("[data-toast]")) toast(line);
    for (const area of own("textarea[data-count]")) count(area);
    for (const form of own("form[data-total]")) total(form);
    for (const place of own("[data-script-only]")) place.hidden = false;
  };

  /* ---- one listener an event ---- */
  page.addEventListener("input", ({ target }) => {
    if (target.matches("textarea[data-count]")) count(target);
    if (target.form?.dataset.total) total(target.form);
    const form = target.form;
    if (!form) return;
    unsaved.add(form);
    const typed = target.matches("textarea, input:not([type=checkbox], [type=radio])");
    if (form.dataset.refreshUrl && typed) refresh(form);
  });

  page.addEventListener("change", ({ target }) => {
    const group = target.closest?.("[data-most]");
    const most = group && Number(group.dataset.most);
    if (group && target.checked && target.type === "checkbox" && all("input:checked", group).length > most) {
      target.checked = false;
      said(`${most} at most. Untick one to choose another.`);
      return;
    }
    if (target.dataset?.checkAll) {
      for (const box of all(`input[name="${CSS.escape(target.dataset.checkAll)}"]`, target.form || page)) box.checked = target.checked;
    }
    if (target.form) unsaved.add(target.form);
    if (target.form?.dataset.refreshUrl) refresh(target.form);
  });

  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sending || event.submitter?.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      return;
    }
    if (form.method === "get" || form.dataset.download !== undefined) return;
    form.dataset.sending = "1";
    const button = event.submitter;
    // after this event, so that the button's own name and value still travel
    setTimeout(() => {
      if (!button || event.defaultPrevented) return;
      button.classList.add("busy");
      button.setAttribute("aria-busy", "true");
      if (button.dataset.busy) {
        button.dataset.before = button.innerHTML;
        button.textContent = button.dataset.busy;
      }
    });
  });

  addEventListener("pageshow", (event) => {
    if (!event.persisted) return; // back from a page that the browser kept: buttons work again
    for (const form of all("form[data-sending]")) delete form.dataset.sending;
    for (const button of all("button.busy")) {
      button.classList.remove("busy");
      button.removeAttribute("aria-busy");
      if (button.dataset.before) button.innerHTML = button.dataset.before;
    }
  });

  addEventListener("beforeunload", (event) => {
    if (all("form[data-unsaved]").some((form) => unsaved.has(form) && !form.dataset.sending)) event.preventDefault();
  });

  page.addEventListener("click", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) && event.button === 0;
    const target = event.target.closest("a, button, [data-copy], [data-copy-from]");
    if (!target) return;
    if (target.getAttribute("aria-disabled") === "true") event.preventDefault();
    else if (target.matches("a[data-confirm]") && plain) {
      event.preventDefault();
      confirm(target);
    } else if (target.matches("[data-copy], [data-copy-from]")) {
      event.preventDefault();
      copy(target);
    } else if (target.matches("[data-print]")) window.print();
    else if (target.matches(".errsum a[href^='#']")) {
      const field = page.getElementById(target.hash.slice(1));
      if (field) {
        event.preventDefault();
        field.focus();
        field.scrollIntoView({ block: "center" });
      }
    } else if (target.matches("[data-retry]")) {
      event.preventDefault();
      const form = target.closest("form");
      if (form?.dataset.refreshUrl) refresh(form);
      else location.reload();
    }
  });

  /* ---- desk shortcuts: off in fields, off for good with "keys off" on the list behind "?" ---- */
  const keysOff = () => localStorage.getItem("keys") === "off";
  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.isContentEditable) return;
    if (event.target.matches("input:not([type=checkbox], [type=radio]), select, textarea") || page.querySelector("dialog[open]")) return;
    if (!page.body.classList.contains("organizer") || keysOff()) return;
    const key = event.key === "Enter" ? "Enter" : event.key.toLowerCase();
    // Enter belongs to whatever has the focus, unless that is the page or a choice
    if (key === "Enter" && !event.target.matches("body, main, input")) return;
    if (key === "/") {
      const find = page.querySelector("[data-find]");
      if (!find) return;
      event.preventDefault();
      find.focus();
      return;
    }
    const place = page.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!place) return;
    event.preventDefault();
    if (place.matches("input")) place.focus();
    place.click();
  });
  page.addEventListener("change", ({ target }) => {
    if (target.matches("[data-keys-off]")) localStorage.setItem("keys", target.checked ? "off" : "on");
  });

  prepare(page);
  for (const box of all("[data-keys-off]")) box.checked = keysOff();
  page.querySelector(".errsum")?.focus();
  const row = page.querySelector(".nav"), here = row?.querySelector("[aria-current]");
  if (here) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2; // a phone's row of places
  setInterval(() => all("form[data-save-url]").forEach(save), 10_000);
})();
