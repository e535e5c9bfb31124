#!/usr/bin/env python3
"""Writes the page GET /docs from openapi.json: one HTML file that asks no other host for anything and runs no script.

    pcn_docs_page.py --out FILE openapi.json
"""
import argparse
import html
import json
import re

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 7%, transparent) }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: minmax(15rem, 20rem) minmax(0, 1fr) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); font-size: 13px }
nav a { display: block; padding: .1rem 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
nav h2 { font-size: 13px; margin: 1rem 0 .3rem }
main { padding: 1rem 2rem 4rem; max-width: 70rem }
a { color: inherit; text-decoration-color: var(--line) }
article { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .5rem }
h3 { font: 600 15px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
.verb { display: inline-block; min-width: 4rem; padding: 0 .5rem; border-radius: .3rem; background: var(--soft); text-align: center }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: 14px }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line) }
td:first-child { white-space: nowrap }
code, pre { font-family: ui-monospace, monospace; font-size: 13px }
summary { cursor: pointer; font-weight: 600 }
small { opacity: .7 }
@media (max-width: 50rem) { body { display: block } nav { position: static; height: auto } main { padding: 1rem } td:first-child { white-space: normal } }
"""


def text(value):
    """Escaped; `code` and *emphasis* as the comments have them."""
    value = html.escape(value or "", quote=False)
    value = re.sub(r"`([^`]+)`", r"<code>\1</code>", value)
    return re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"<em>\1</em>", value)


def name_of(reference):
    return reference["$ref"].rsplit("/", 1)[1]


def anchor(name):
    return "schema-" + name


class Page:
    def __init__(self, document):
        self.document = document

    def type_of(self, schema):
        if "$ref" in schema:
            name = name_of(schema)
            return f'<a href="#{anchor(name)}">{html.escape(name)}</a>'
        if "anyOf" in schema:
            return " or ".join(self.type_of(s) for s in schema["anyOf"])
        kind = schema.get("type", "any")
        if isinstance(kind, list):
            return "any JSON"
        if kind == "array":
            return "list of " + self.type_of(schema["items"])
        return html.escape(schema.get("format", kind))

    def limits(self, schema):
        if "anyOf" in schema:
            return self.limits(schema["anyOf"][0])
        words = {"minLength": "at least {} characters", "maxLength": "at most {} characters", "minimum": "from {}", "maximum": "to {}",
                 "maxItems": "at most {} items", "minItems": "at least {} items", "pattern": "<code>{}</code>"}
        found = [form.format(html.escape(str(schema[key]))) for key, form in words.items() if key in schema]
        if schema.get("readOnly"):
            found.insert(0, "set by the platform")
        if "enum" in schema:
            found.append(", ".join(f"<code>{html.escape(str(v))}</code>" for v in schema["enum"]))
        if schema.get("examples"):
            found.append(f"as <code>{html.escape(json.dumps(schema['examples'][0], ensure_ascii=False))}</code>")
        return "; ".join(found)

    def row(self, name, schema, required, description):
        mark = "" if required else " <small>optional</small>"
        return (f"<tr><td><code>{html.escape(name)}</code>{mark}<td>{self.type_of(schema)}<td>{text(description)} "
                f"<small>{self.limits(schema)}</small></tr>")

    def properties(self, schema):
        rows = [self.row(name, value, name in schema.get("required", []), value.get("description", ""))
                for name, value in schema.get("properties", {}).items()]
        return f"<table>{''.join(rows)}</table>" if rows else ""

    def parameters(self, operation):
        rows = []
        for parameter in operation.get("parameters", []):
            if "$ref" in parameter:
                parameter = self.document["components"]["parameters"][name_of(parameter)]
            rows.append(self.row(parameter["name"], parameter["schema"], parameter.get("required"),
                                 f"{parameter.get('description', '')} *({parameter['in']})*"))
        return f"<table>{''.join(rows)}</table>" if rows else ""

    def content(self, content):
        return ", ".join(f"<code>{media}</code> {self.type_of(value['schema'])}" for media, value in content.items())

    def responses(self, operation):
        rows = []
        for status, response in operation["responses"].items():
            if "$ref" in response:
                response = self.document["components"]["responses"][name_of(response)]
            rows.append(f"<tr><td>{status}<td>{text(response['description'])}<td>{self.content(response.get('content', {}))}</tr>")
        success = [r for r in rows if r.startswith("<tr><td>2")]
        others = [r for r in rows if not r.startswith("<tr><td>2")]
        return f"<table>{''.join(success)}</table><details><summary>Refusals</summary><table>{''.join(others)}</table></details>"

    def operation(self, path, verb, operation):
        scopes = [scope for need in operation.get("security", []) for scope in need.get("token", [])]
        parts = [f'<article id="{operation["operationId"]}"><h3><span class="verb">{verb.upper()}</span> {html.escape(path)}</h3>',
                 f"<p>{text(operation.get('description') or operation['summary'])}</p>",
                 f"<p><small>Scope: {', '.join(f'<code>{s}</code>' for s in scopes) or 'none'}</small></p>", self.parameters(operation)]
        if "requestBody" in operation:
            parts.append(f"<p>Body: {self.content(operation['requestBody']['content'])}</p>")
        return "".join(parts + [self.responses(operation), "</article>"])

    def schema(self, name, schema):
        values = f"<p>{self.limits(schema)}</p>" if "enum" in schema else ""
        return f'<article id="{anchor(name)}"><h3>{html.escape(name)}</h3><p>{text(schema.get("description"))}</p>{values}{self.properties(schema)}</article>'

    def write(self):
        info, by_tag = self.document["info"], {}
        for path, verbs in self.document["paths"].items():
            for verb, operation in verbs.items():
                by_tag.setdefault(operation["tags"][0], []).append((path, verb, operation))
        nav, main = [], [f"<h1>{text(info['title'])} {text(info['version'])}</h1><p>{text(info['summary'])}</p><p>{text(info['description'])}</p>",
                         '<p>For programs: <a href="/openapi.json">openapi.json</a>, <a href="/asyncapi.json">asyncapi.json</a>.</p>']
        for tag in self.document["tags"]:
            operations = by_tag.get(tag["name"], [])
            nav.append(f"<h2>{text(tag['name'])}</h2>" + "".join(
                f'<a href="#{o["operationId"]}" title="{html.escape(o["summary"])}">{verb.upper()} {html.escape(path.removeprefix("/v1"))}</a>'
                for path, verb, o in operations))
            main.append(f"<h2>{text(tag['name'])}</h2><p>{text(tag['description'])}</p>" + "".join(self.operation(*o) for o in operations))
        schemas = self.document["components"]["schemas"]
        nav.append("<h2>Messages</h2>" + "".join(f'<a href="#{anchor(n)}">{html.escape(n)}</a>' for n in schemas))
        main.append("<h2>Messages</h2>" + "".join(self.schema(*s) for s in schemas.items()))
        return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
                f"<title>{text(info['title'])} {text(info['version'])}</title><style>{STYLE}</style>"
                f"<nav>{''.join(nav)}</nav><main>{''.join(main)}</main></html>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("openapi")
    arguments = parser.parse_args()
    with open(arguments.openapi, encoding="utf-8") as file:
        document = json.load(file)
    with open(arguments.out, "w", encoding="utf-8") as out:
        out.write(Page(document).write())


if __name__ == "__main__":
    main()
