// Draws a plugin's OpenAPI document as a page with forms to try each call. Plain DOM, no library, works without internet.
"use strict";

const page = document.body.dataset;
const words = {
  zh: { try: "发送", roles: "岗位：", from: "起始状态：", rules: "规则：", fields: "字段", required: "必填", signIn: "登录", signOut: "退出", login: "登录名",
        password: "密码", computed: "计算得出", mask: "隐私", status: "状态", empty: "（不填）", bad: "不是有效的 JSON", gone: "无法连接本节点", all: "全部插件" },
  en: { try: "Send", roles: "Roles: ", from: "From state: ", rules: "Rules: ", fields: "Fields", required: "required", signIn: "Sign in", signOut: "Sign out",
        login: "Login", password: "Password", computed: "computed", mask: "masked", status: "Status", empty: "(leave out)", bad: "not valid JSON",
        gone: "this node cannot be reached", all: "All plugins" },
};
let language = page.lang === "en" ? "en" : "zh";
const word = (name) => words[language][name];

/** Make an element: make("p", {class: "hint"}, "text", child). Text is always text, never markup. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Call the node and return {status, body}; the header proves that the page is the node's own. */
async function call(method, address, body) {
  const headers = { "Accept-Language": language, "X-Branchline": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(address, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
  const text = await answer.text();
  try { return { status: answer.status, body: text ? JSON.parse(text) : null }; } catch { return { status: answer.status, body: text }; }
}

const firstType = (schema) => (Array.isArray(schema.type) ? schema.type.find((each) => each !== "null") : schema.type);
const isWide = (schema) => ["array", "object"].includes(firstType(schema)) && !schema.enum;

/** The input for a value of a schema. What it reads is decided by `valueOf`. */
function inputFor(name, schema, required) {
  const common = { name, required };
  if (schema.enum) {
    const choices = schema.enum.filter((each) => each !== null).map((each) => make("option", { value: each }, (schema["x-labels"] || {})[each] || each));
    return make("select", common, make("option", { value: "" }, word("empty")), ...choices);
  }
  if (firstType(schema) === "boolean") {
    return make("select", common, make("option", { value: "" }, word("empty")), make("option", { value: "true" }, "true"), make("option", { value: "false" }, "false"));
  }
  if (isWide(schema)) return make("textarea", { ...common, placeholder: firstType(schema) === "array" ? '["…"]' : '{"…": "…"}' });
  if (name === "note" || name === "text") return make("textarea", common);
  const type = { date: "date" }[schema.format] || (firstType(schema) === "integer" ? "number" : "text");
  return make("input", { ...common, type, placeholder: (schema.examples || [""])[0], autocomplete: "off" });
}

/** Read an input by its schema; undefined when it was left empty. */
function valueOf(input, schema) {
  const text = input.value.trim();
  if (text === "") return undefined;
  if (firstType(schema) === "boolean") return text === "true";
  if (firstType(schema) === "integer") return Number(text);
  if (!isWide(schema)) return text;
  try { return JSON.parse(text); } catch { throw new SyntaxError(`${input.name}: ${word("bad")}`); }
}

function row(name, schema, required) {
  const hint = [schema.description, schema["x-record"]].filter(Boolean).join(" · ");
  const caption = make("span", {}, schema.title || name, " ", make("code", {}, name), required ? make("b", { title: word("required") }, " *") : null);
  return make("label", {}, caption, inputFor(name, schema, required), hint ? make("small", {}, hint) : null);
}

function bodySchema(operation) {
  return operation.requestBody ? operation.requestBody.content["application/json"].schema : null;
}

/** The form of an operation: path and query inputs first, then what is asked, then reason, time and version. */
function formFor(path, method, operation) {
  const schema = bodySchema(operation);
  const parts = schema ? Object.entries(schema.properties) : [];
  const form = make("form", { autocomplete: "off" });
  const parameters = (operation.parameters || []).map((each) => [each, row(each.name, each.schema, each.required)]);
  const asked = [], others = [];
  for (const [name, part] of parts) {
    if (name === "ask") for (const [key, each] of Object.entries(part.properties)) asked.push([key, each, row(key, each, (part.required || []).includes(key))]);
    else others.push([name, part, row(name, part, (schema.required || []).includes(name))]);
  }
  const output = make("div", { "aria-live": "polite" });
  form.append(...parameters.map((each) => each[1]), ...asked.map((each) => each[2]), ...others.map((each) => each[2]), make("button", {}, word("try")), output);
  form.noValidate = true; // the node says what is missing, in words
  form.addEventListener("submit", (event) => { event.preventDefault(); send(path, method, schema, { parameters, asked, others }, output); });
  return form;
}

async function send(path, method, schema, { parameters, asked, others }, output) {
  const control = (label) => label.querySelector("input, select, textarea");
  try {
    let address = path;
    const query = new URLSearchParams();
    for (const [parameter, label] of parameters) {
      const value = control(label).value.trim();
      if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(value || "-"));
      else if (value) query.set(parameter.name, value);
    }
    let body;
    if (schema) {
      body = schema.properties.ask ? { ask: {} } : {};
      for (const [name, each, label] of asked) { const value = valueOf(control(label), each); if (value !== undefined) body.ask[name] = value; }
      for (const [name, each, label] of others) { const value = valueOf(control(label), each); if (value !== undefined) body[name] = value; }
    }
    const full = query.size ? `${address}?${query}` : address;
    show(output, method, full, body, await call(method.toUpperCase(), full, body));
  } catch (error) {
    output.replaceChildren(make("p", { class: "problem" }, error instanceof SyntaxError ? error.message : word("gone")));
  }
}

function show(output, method, address, body, answer) {
  const problems = answer.body && answer.body.error ? answer.body.error.problems : [];
  const lines = problems.map((each) => make("p", { class: "problem" }, [each.field, each.what, each.fix].filter(Boolean).join(" — ")));
  const sent = `${method.toUpperCase()} ${address}` + (body === undefined ? "" : `\n${JSON.stringify(body, null, 2)}`);
  output.replaceChildren(...lines, make("pre", {}, sent), make("pre", {}, `${word("status")} ${answer.status}\n${JSON.stringify(answer.body, null, 2)}`));
}

function operationPart(path, method, operation) {
  const facts = [operation.description];
  if ((operation["x-roles"] || []).length) facts.push(word("roles") + operation["x-roles"].join(", "));
  if (operation["x-from"]) facts.push(word("from") + operation["x-from"].join(", "));
  if (operation["x-rules"]) facts.push(word("rules") + operation["x-rules"].join(", "));
  const inside = make("div", { class: "inside" });
  const part = make("details", {}, make("summary", {}, make("span", { class: `verb ${method}` }, method.toUpperCase()), make("strong", {}, operation.summary),
    make("code", {}, path)), inside);
  part.addEventListener("toggle", () => {
    if (part.open && !inside.childElementCount) inside.append(make("p", { class: "hint" }, facts.filter(Boolean).join("\n")), formFor(path, method, operation));
  });
  return part;
}

function fieldsTable(schema) {
  const rows = Object.entries(schema.properties).map(([name, each]) => {
    const marks = [each["x-type"] || firstType(each), each["x-computed"] && word("computed"), each["x-mask"] && `${word("mask")}: ${each["x-mask"]}`, ...(each["x-rules"] || [])];
    const options = Object.entries(each["x-labels"] || {}).map(([key, label]) => `${key} ${label}`).join(" · ");
    return make("tr", {}, make("td", {}, make("code", {}, name)), make("td", {}, each.title || ""), make("td", {}, marks.filter(Boolean).join(", ")), make("td", {}, options));
  });
  return make("details", {}, make("summary", {}, make("strong", {}, word("fields"))), make("div", { class: "inside" }, make("table", {}, make("tbody", {}, ...rows))));
}

function draw(document_) {
  const content = document.querySelector("#content"), nav = document.querySelector("nav");
  document.title = document_.info.title;
  document.querySelector("#title").replaceChildren(document_.info.title, " ", make("small", {}, `${page.plugin} ${document_.info.version}`));
  content.replaceChildren();
  nav.replaceChildren(make("a", { href: "/docs" }, word("all")));
  const sections = new Map();
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0];
      if (!sections.has(tag)) sections.set(tag, []);
      sections.get(tag).push(operationPart(path, method, operation));
    }
  }
  for (const [tag, parts] of sections) {
    const about = (document_.tags.find((each) => each.name === tag) || {}).description || tag;
    const schema = document_.components.schemas[tag];
    nav.append(make("a", { href: `#${tag}` }, about));
    content.append(make("h2", { id: tag }, about, " ", make("code", {}, tag)), ...(schema ? [fieldsTable(schema)] : []), ...parts);
  }
}

async function who() {
  const box = document.querySelector("#who");
  const answer = await call("GET", "/api/me");
  if (answer.status === 200) {
    box.replaceChildren(make("form", { class: "row", submit: async (event) => { event.preventDefault(); await call("DELETE", "/api/session"); who(); } },
      `${answer.body.name} (${answer.body.roles.join(", ")}) `, make("button", { class: "plain" }, word("signOut"))));
    return;
  }
  const login = make("input", { name: "login", autocomplete: "username", placeholder: word("login"), "aria-label": word("login") });
  const password = make("input", { name: "password", type: "password", autocomplete: "current-password", placeholder: word("password"), "aria-label": word("password") });
  const said = make("span", { class: "problem", role: "alert" });
  const enter = async (event) => {
    event.preventDefault();
    const result = await call("POST", "/api/session", { login: login.value, password: password.value });
    if (result.status === 200) who(); else said.textContent = result.body.error.problems.map((each) => each.what).join(" ");
  };
  box.replaceChildren(make("form", { class: "row", submit: enter }, login, password, make("button", {}, word("signIn")), said));
}

async function start() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  await who();
  if (!page.plugin) return;
  const answer = await call("GET", `/api/${encodeURIComponent(page.plugin)}/openapi.json?lang=${language}`);
  if (answer.status === 200) draw(answer.body);
  else document.querySelector("#content").replaceChildren(make("p", { class: "problem" }, answer.body.error.problems.map((each) => each.what).join(" ")));
}

document.querySelector("#language").addEventListener("click", () => { language = language === "zh" ? "en" : "zh"; start(); });
start();
