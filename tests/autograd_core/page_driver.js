// Runs the script of a drawing's page on a small stand-in for a browser's document, and prints what it did as JSON.
"use strict";
const fs = require("fs");
const [, , page, script] = process.argv;
const html = fs.readFileSync(page, "utf8");
const document_keys = {}, made = {};
class Element {
  constructor(tag, attributes = {}) {
    Object.assign(this, { tag, tagName: tag.toUpperCase(), attributes, handlers: {}, children: [], style: {}, textContent: "", hidden: false, value: "" });
    this.dataset = Object.fromEntries(Object.entries(attributes).filter(([k]) => k.startsWith("data-")).map(([k, v]) => [k.slice(5), v]));
    this.names = new Set();
    this.classList = {
      add: (n) => this.names.add(n), remove: (n) => this.names.delete(n), contains: (n) => this.names.has(n),
      toggle: (n, on = !this.names.has(n)) => { on ? this.names.add(n) : this.names.delete(n); return on; },
    };
    this.clientWidth = 800; this.clientHeight = 600;
  }
  getAttribute(name) { return this.attributes[name] ?? "100"; }
  setAttribute(name, value) { this.attributes[name] = value; }
  addEventListener(name, handler) { this.handlers[name] = handler; }
  getBoundingClientRect() { return { left: 0, top: 0, width: 10, height: 10 }; }
  append(...children) { this.children.push(...children); }
  replaceChildren(...children) { this.children = children; }
  focus() {}
  querySelectorAll() { return []; }
  fire(name, event = {}) { this.handlers[name]({ preventDefault() {}, stopPropagation() {}, target: this, ...event }); }
}
const unescape = (t) => t.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&amp;/g, "&");
const matches = (name) => [...html.matchAll(new RegExp(`data-${name}="([^"]*)"`, "g"))].map(([, v]) => new Element("g", { [`data-${name}`]: unescape(v) }));
const groups = { node: matches("node"), edge: matches("edge"), group: matches("group"), do: matches("do") };
const one = {};
for (const name of [".stage svg", ".stage", "main", "aside", "output", "input", ".play", ".data"]) one[name] = new Element(name.split(/[ .]/).pop());
one[".data"].textContent = html.match(/class="data">([\s\S]*?)<\/script>/)[1];
const body = {
  querySelector: (s) => one[s] ?? groups.do.find((b) => s === `[data-do=${b.dataset.do}]`),
  querySelectorAll: (s) => groups[s.match(/data-(\w+)/)[1]],
};
global.document = {
  currentScript: null, body, createElement: (tag) => new Element(tag),
  addEventListener: (name, handler) => { document_keys[name] = handler; },
};
global.window = { addEventListener() {} };
eval(fs.readFileSync(script, "utf8"));

const data = JSON.parse(one[".data"].textContent), count = (list, name) => list.filter((e) => e.names.has(name)).length;
one.input.value = "tanh";
one.input.fire("input");
made.found = count(groups.node, "found");
made.matching = data.nodes.filter((n) => JSON.stringify(n).toLowerCase().includes("tanh")).length;
one.input.value = "";
one.input.fire("input");
const add = data.nodes.find((n) => n.label === "add"), box = groups.node.find((e) => e.dataset.node === add.id);
box.fire("pointerenter");
made.near = count(groups.node, "near");
const ends = data.edges.filter((e) => e.source === add.id || e.target === add.id).flatMap((e) => [e.source, e.target]);
made.neighbours = new Set(ends).size;
box.fire("pointerleave");
box.fire("click");
made.details = one.aside.children[0].textContent === "add" && !one.aside.hidden;
const inner = data.groups.find((g) => g.parent), frame = groups.group.find((e) => e.dataset.group === inner.id);
frame.fire("click");
made.hidden = count(groups.node, "hidden");
made.inside = data.nodes.filter((n) => n.module === inner.id).length;
frame.fire("click");
made.shown_again = count(groups.node, "hidden");
const before = one[".stage"].style.transform;
document_keys.keydown({ key: "+", target: one.main, preventDefault() {} });
made.zoomed = one[".stage"].style.transform !== before;
document_keys.keydown({ key: "ArrowRight", target: one.main, preventDefault() {} });
made.first_step = one.output.textContent;
document_keys.keydown({ key: "Escape", target: one.main, preventDefault() {} });
console.log(JSON.stringify(made));
