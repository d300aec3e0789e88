"use strict";
// Shows /openapi.json as a list of operations that can be tried; text enters the page only through textContent.
function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text !== null && text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function resolve(document_, schema) {
  while (schema && schema.$ref) schema = schema.$ref.split("/").slice(1).reduce((place, part) => place[part], document_);
  return schema || {};
}

function kind(document_, schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map((one) => kind(document_, one)).join(" or ");
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return "list of " + kind(document_, schema.items || {});
  return schema.type || "any";
}

function example(document_, schema) {
  schema = resolve(document_, schema);
  if (schema.examples) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.type === "array") return [example(document_, schema.items || {})];
  if (schema.properties) {
    const wanted = Object.entries(schema.properties).filter(([name]) => (schema.required || []).includes(name));
    return Object.fromEntries(wanted.map(([name, value]) => [name, example(document_, value)]));
  }
  return schema.type === "string" ? "" : null;
}

function fields(document_, schema) {
  schema = resolve(document_, schema);
  const table = element("table", null, element("tr", null, element("th", "field"), element("th", "kind"), element("th", "meaning")));
  for (const [name, value] of Object.entries(schema.properties || {})) {
    const needed = (schema.required || []).includes(name) ? " *" : "";
    table.append(element("tr", null, element("td", name + needed), element("td", kind(document_, value)), element("td", value.description || "")));
  }
  return table;
}

function trial(document_, path, method, operation, schema) {
  const box = element("div");
  const inputs = (operation.parameters || []).map((parameter) => {
    const input = element("input");
    input.placeholder = parameter.required ? "required" : "optional";
    box.append(element("p", null, element("label", `${parameter.name} (${parameter.in}) `, input), element("span", " " + (parameter.description || ""))));
    return [parameter, input];
  });
  let body = null;
  if (schema) {
    body = element("textarea");
    body.rows = 6;
    body.value = JSON.stringify(example(document_, schema), null, 2);
    box.append(body);
  }
  const button = element("button", "Try");
  const answer = element("pre", "");
  answer.hidden = true;
  button.addEventListener("click", async () => {
    let address = path;
    const query = new URLSearchParams();
    const headers = {};
    const key = document.getElementById("key").value;
    if (key) headers.Authorization = "Bearer " + key;
    for (const [parameter, input] of inputs) {
      if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value && parameter.in === "query") query.append(parameter.name, input.value);
      else if (input.value && parameter.in === "header") headers[parameter.name] = input.value;
    }
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(address + (query.size ? "?" + query : ""), { method: method.toUpperCase(), headers, body: body && body.value });
    const text = await response.text();
    answer.hidden = false;
    try { answer.textContent = `${response.status}\n` + JSON.stringify(JSON.parse(text), null, 2); }
    catch { answer.textContent = `${response.status}\n` + text; }
  });
  box.append(element("p", null, button), answer);
  return box;
}

async function show() {
  const document_ = await (await fetch("/openapi.json")).json();
  document.getElementById("about").textContent = `${document_.info.description} Version ${document_.info.version}.`;
  const main = document.getElementById("operations");
  main.textContent = "";
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const schema = operation.requestBody && operation.requestBody.content["application/json"].schema;
      const shown = element("details", null, element("summary", null, element("span", method.toUpperCase(), ""), element("code", " " + path), element("span", " — " + (operation.description || operation.summary))));
      shown.querySelector("span").className = "method";
      if (schema) shown.append(element("h4", "Sent"), fields(document_, schema));
      for (const [status, response] of Object.entries(operation.responses)) {
        shown.append(element("p", `${status}: ${response.description}`));
        const content = response.content && response.content["application/json"];
        if (content) shown.append(fields(document_, content.schema));
      }
      shown.append(trial(document_, path, method, operation, schema));
      main.append(shown);
    }
  }
}

show();
