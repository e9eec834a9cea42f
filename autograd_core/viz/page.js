(() => {
  "use strict";
  const root = document.currentScript ? document.currentScript.parentNode : document.body;
  const find = (selector) => root.querySelector(selector);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const data = JSON.parse(find(".data").textContent);
  const svg = find(".stage svg"), stage = find(".stage"), main = find("main"), panel = find("aside"), said = find("output");
  const nodes = new Map(data.nodes.map((node) => [node.id, node]));
  const boxes = new Map(all("[data-node]").map((each) => [each.dataset.node, each]));
  const frames = new Map(all("[data-group]").map((each) => [each.dataset.group, each]));
  const edges = all("[data-edge]").map((each) => {
    const [source, target] = each.dataset.edge.split(" ");
    return { each, source, target };
  });
  const around = new Map(data.groups.map((group) => [group.id, group.parent]));

  // -- where the reader looks: scale, and shift of the stage ---------------------------------------------------------------
  const view = { scale: 1, x: 0, y: 0 };
  const look = () => { stage.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`; };
  const zoom = (factor, x = main.clientWidth / 2, y = main.clientHeight / 2) => {
    const scale = Math.min(20, Math.max(0.02, view.scale * factor)), ratio = scale / view.scale;
    Object.assign(view, { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio });
    look();
  };
  const fit = () => {
    const width = Number(svg.getAttribute("width")), height = Number(svg.getAttribute("height"));
    view.scale = Math.min(2, main.clientWidth / width, main.clientHeight / height) || 1;
    view.x = (main.clientWidth - width * view.scale) / 2;
    view.y = Math.max(0, (main.clientHeight - height * view.scale) / 2);
    look();
  };
  const centre = (box) => {
    const a = box.getBoundingClientRect(), b = main.getBoundingClientRect();
    view.x += b.left + b.width / 2 - a.left - a.width / 2;
    view.y += b.top + b.height / 2 - a.top - a.height / 2;
    look();
  };
  main.addEventListener("wheel", (event) => {
    event.preventDefault();
    const corner = main.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 400), event.clientX - corner.left, event.clientY - corner.top);
  }, { passive: false });
  let held = null;
  main.addEventListener("pointerdown", (event) => { held = { x: event.clientX - view.x, y: event.clientY - view.y }; });
  window.addEventListener("pointermove", (event) => {
    if (held) { view.x = event.clientX - held.x; view.y = event.clientY - held.y; look(); }
  });
  window.addEventListener("pointerup", () => { held = null; });

  // -- neighbours and details ----------------------------------------------------------------------------------------------
  const hover = (id) => {
    svg.classList.toggle("hovered", id !== null);
    for (const box of boxes.values()) box.classList.remove("near");
    if (id !== null) boxes.get(id).classList.add("near");
    for (const { each, source, target } of edges) {
      const near = id !== null && (source === id || target === id);
      each.classList.toggle("near", near);
      if (near) for (const end of [source, target]) if (boxes.has(end)) boxes.get(end).classList.add("near");
    }
  };
  const element = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };
  const tell = (id) => {
    const node = nodes.get(id), list = document.createElement("dl");
    panel.replaceChildren(element("h2", node.label), list);
    for (const [name, text] of [["kind", node.kind], ...node.details.map((line) => ["", line]), ...node.facts]) {
      if (name) list.append(element("dt", name));
      list.append(element("dd", text));
    }
    if (node.tooltip) panel.append(element("pre", node.tooltip));
    panel.hidden = false;
  };
  for (const [id, box] of boxes) {
    box.setAttribute("tabindex", "0");
    box.addEventListener("pointerenter", () => hover(id));
    box.addEventListener("pointerleave", () => hover(null));
    box.addEventListener("focus", () => hover(id));
    box.addEventListener("blur", () => hover(null));
    box.addEventListener("click", () => tell(id));
  }

  // -- modules that fold ---------------------------------------------------------------------------------------------------
  const closed = new Set();
  const isHidden = (home, self = false) => {
    for (let at = self ? around.get(home) : home; at; at = around.get(at)) if (closed.has(at)) return true;
    return false;
  };
  const fold = (id) => {
    if (!closed.delete(id)) closed.add(id);
    for (const [name, box] of boxes) box.classList.toggle("hidden", isHidden(nodes.get(name).module));
    for (const [name, frame] of frames) {
      frame.classList.toggle("hidden", isHidden(name, true));
      frame.classList.toggle("closed", closed.has(name));
    }
    for (const { each, source, target } of edges) {
      const [a, b] = [nodes.get(source), nodes.get(target)].map((node) => node && isHidden(node.module));
      each.classList.toggle("hidden", Boolean(a && b));
    }
  };
  for (const [id, frame] of frames) {
    frame.setAttribute("tabindex", "0");
    frame.addEventListener("click", () => fold(id));
  }

  // -- search --------------------------------------------------------------------------------------------------------------
  const field = find("input");
  let found = [], place = 0;
  const search = () => {
    const words = field.value.trim().toLowerCase();
    const text = (node) => [node.label, ...node.details, node.tooltip, ...node.facts.flat()].join(" ").toLowerCase();
    found = words ? data.nodes.filter((node) => text(node).includes(words)).map((node) => node.id) : [];
    place = 0;
    svg.classList.toggle("searched", words !== "");
    for (const [id, box] of boxes) box.classList.toggle("found", found.includes(id));
    said.textContent = words ? `${found.length} found` : "";
  };
  field.addEventListener("input", search);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && found.length) { const id = found[place++ % found.length]; centre(boxes.get(id)); tell(id); }
    if (event.key === "Escape") { field.value = ""; search(); main.focus(); }
    event.stopPropagation();
  });

  // -- backpropagation, step by step ---------------------------------------------------------------------------------------
  let at = -1, timer = null;
  const show = (k) => {
    at = Math.max(-1, Math.min(data.steps.length - 1, k));
    svg.classList.toggle("playing", at >= 0);
    const step = data.steps[at], past = data.steps.slice(0, at + 1), back = past.filter((each) => each.phase === "backward");
    const reached = new Set((back.length ? back : past).map((each) => each.box));
    for (const [id, box] of boxes) {
      box.classList.toggle("reached", reached.has(id) || (id[0] === "y" && back.length > 0));
      box.classList.toggle("now", Boolean(step) && step.box === id);
    }
    const known = new Set(past.map((each) => `${each.phase[0]} ${each.box}`));
    for (const [id, box] of boxes) {
      for (const line of box.querySelectorAll("text")) {
        const phase = { "= ": "f", "∇ ": "b" }[line.textContent.slice(0, 2)];
        if (phase && nodes.get(id).kind !== "gradient") line.classList.toggle("unknown", at >= 0 && !known.has(`${phase} ${id}`));
      }
    }
    const goals = new Set(step && step.phase === "backward" ? step.rules.map(([goal]) => goal) : []);
    for (const { each, source, target } of edges) {
      each.classList.toggle("reached", reached.has(target) || (reached.has(source) && !back.length));
      each.classList.toggle("now", Boolean(step) && target === step.box && (goals.has(source) || step.phase === "forward"));
    }
    said.textContent = step ? `${at + 1}/${data.steps.length}  ${step.phase}` : "";
    if (!step) { panel.hidden = true; return; }
    const list = document.createElement("dl");
    panel.replaceChildren(element("h2", step.text), list);
    if (step.value) list.append(element("dt", step.phase === "forward" ? "value" : "gradient that has arrived"), element("dd", step.value));
    for (const [, rule] of step.rules) list.append(element("dt", "local rule"), element("dd", rule));
    panel.hidden = false;
  };
  const stop = () => { clearInterval(timer); timer = null; find("[data-do=play]").textContent = "Play"; };
  const play = () => {
    if (timer) return stop();
    if (at >= data.steps.length - 1) show(-1);
    find("[data-do=play]").textContent = "Stop";
    timer = setInterval(() => { show(at + 1); if (at >= data.steps.length - 1) stop(); }, 1100);
  };
  find(".play").hidden = data.steps.length === 0;

  // -- buttons and keys ----------------------------------------------------------------------------------------------------
  const deeds = { in: () => zoom(1.25), out: () => zoom(0.8), fit, back: () => show(at - 1), next: () => show(at + 1), play };
  for (const button of all("[data-do]")) button.addEventListener("click", deeds[button.dataset.do]);
  const move = (x, y) => { view.x += x; view.y += y; look(); };
  document.addEventListener("keydown", (event) => {
    const steps = data.steps.length > 0, box = event.target.dataset || {};
    const keys = {
      "/": () => field.focus(), "+": deeds.in, "=": deeds.in, "-": deeds.out, "0": fit,
      ArrowLeft: () => (steps && !event.shiftKey ? show(at - 1) : move(60, 0)),
      ArrowRight: () => (steps && !event.shiftKey ? show(at + 1) : move(-60, 0)),
      ArrowUp: () => move(0, 60), ArrowDown: () => move(0, -60),
      " ": () => (steps ? play() : null),
      Enter: () => (box.node ? tell(box.node) : box.group ? fold(box.group) : null),
      Escape: () => { stop(); show(-1); panel.hidden = true; },
    };
    if (event.key in keys && !(event.target.tagName === "BUTTON" && [" ", "Enter"].includes(event.key))) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  window.addEventListener("resize", fit);
  fit();
})();
