"""One OpenAPI document per plugin, made from the catalog snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.web.guidance import said
from app.web.schemas import ERROR, RECEIPT, Schema, ask_schema, field_schema, schema_of
from core.host.catalog import Catalog
from core.language.definition import SYSTEM, Action, Plugin, RecordType
from core.language.report import Report
from core.model.errors import Language, Text

Document = dict[str, Any]
_WORDS = {
    "list": Text("List", "查询"),
    "one": Text("Read one", "读取"),
    "history": Text("History", "变更历史"),
    "explain": Text("Explain", "解释"),
    "reveal": Text("Reveal masked fields (logged)", "查看隐私字段（留痕）"),
    "sign": Text("Sign", "签字"),
    "card": Text("Scorecard", "考核表"),
    "ranking": Text("Dispatch order", "派单排序"),
    "report": Text("Report", "报表"),
    "behind": Text("Records behind a figure", "指标明细"),
    "reason": Text("Why, when a warning is overridden or data are revealed", "越过提醒或查看隐私时的理由"),
    "at": Text("When it happened, if earlier than now", "实际发生时间（早于现在时填写）"),
    "seen": Text("`updated_at` of the record as you read it", "所读记录的 `updated_at`"),
    "filter": Text("more filters: any field, or field.ge, field.in …", "其他筛选：任一字段，或 字段.ge、字段.in 等"),
    "sort": Text("fields, comma between; - turns round", "字段，以逗号分隔；前加 - 为倒序"),
    "q": Text("words to find", "查找文字"),
    "fields": Text("fields to show, comma between", "要显示的字段，以逗号分隔"),
    "cursor": Text("`next` of the page before", "上一页的 `next`"),
    "total": Text("1 = count", "1 = 统计总数"),
    "export": Text("List as an Excel file", "导出 Excel"),
    "template": Text("Empty Excel file for: {0}", "Excel 模板：{0}"),
    "import": Text("One action per row of an Excel file: {0}", "按 Excel 逐行执行：{0}"),
    "cols": Text("columns of the file, comma between", "文件的列，以逗号分隔"),
    "commit": Text("1 = do it; otherwise every row is only tried out", "1 = 执行；否则仅逐行试算"),
}


def document(catalog: Catalog, plugin: Plugin, language: Language) -> Document:
    """Return the OpenAPI 3.1 document of a plugin."""
    paths: Document = {}
    schemas: Document = {"Error": ERROR, "Receipt": RECEIPT}
    for record in records_of(catalog, plugin):
        schemas[record.name] = record_schema(record, language)
        for path, method, operation in _operations(plugin, record, language):
            paths.setdefault(path, {})[method] = operation
    for path, operation in _reports(plugin, language):
        paths[path] = {"get": operation}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": plugin.label.say(language),
            "version": plugin.version,
            "x-label": {"zh": plugin.label.zh, "en": plugin.label.en},
            "x-revision": catalog.revision,
            "x-guidance": [said(catalog, plugin, each, each.at, language) for each in plugin.guidance.values()],
        },
        "tags": [{"name": r.name, "description": r.label.say(language)} for r in records_of(catalog, plugin)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "responses": {"Error": {"description": "Error", "content": _json({"$ref": "#/components/schemas/Error"})}},
        },
        "security": [{"bearer": []}],
    }


def records_of(catalog: Catalog, plugin: Plugin) -> list[RecordType]:
    """Return the plugin's own record types, and those of others it adds to, with all additions merged in."""
    keys = [record.key for record in plugin.records.values()] + list(plugin.additions)
    return [catalog.records[key] for key in dict.fromkeys(keys) if key in catalog.records]


def record_schema(record: RecordType, language: Language) -> Schema:
    """Return the schema of a record as the API gives it out."""
    fixed: Schema = {
        "id": {"type": "string", "format": "uuid", "readOnly": True},
        "store": {"type": "string", "readOnly": True},
        "number": {"type": ["string", "null"], "readOnly": True},
        "state": {"type": ["string", "null"], "readOnly": True, "enum": [*record.states, None]},
    }
    if record.states:
        fixed["state"]["x-labels"] = {name: label.say(language) for name, label in record.states.items()}
    fields = {name: field_schema(field, language) for name, field in record.fields.items()}
    return {"type": "object", "title": record.label.say(language), "properties": {**fixed, **fields}}


def _operations(plugin: Plugin, record: RecordType, language: Language) -> Iterator[tuple[str, str, Document]]:
    base = f"/api/{plugin.name}/{record.name}"
    one = {"$ref": f"#/components/schemas/{record.name}"}
    page = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": one}, "next": {"type": ["string", "null"]}},
    }
    listing = _reading(record, "list", language, page, [*_list_parameters(record, language)])
    yield base, "get", {**listing, "description": _WORDS["filter"].say(language)}
    yield f"{base}/{{id}}", "get", _reading(record, "one", language, one, [_ID])
    yield f"{base}/{{id}}/history", "get", _reading(record, "history", language, {"type": "object"}, [_ID])
    yield f"{base}/{{id}}/explain", "get", _reading(record, "explain", language, {"type": "object"}, [_ID])
    yield f"{base}/export.xlsx", "get", _exporting(record, language)
    if record.key == "core.request":
        yield f"{base}/{{id}}/sign", "post", _signing(record, language)
    if record.read and any(rule.reveal for rule in record.read.values()):
        yield f"{base}/{{id}}/reveal", "post", _revealing(record, language)
    for action in record.actions.values():
        if set(action.by) == {SYSTEM}:
            continue
        middle = "" if action.new else "/{id}"
        yield f"{base}{middle}/actions/{action.name}", "post", action_operation(record, action, language)
        if action.new:
            yield f"{base}/actions/{action.name}/template.xlsx", "get", _template(record, action, language)
            yield f"{base}/actions/{action.name}/import", "post", _importing(record, action, language)


def action_operation(record: RecordType, action: Action, language: Language) -> Document:
    """Return the operation that carries out ``action``: its inputs, required ones, and who may do it."""
    operation: Document = {
        "operationId": f"{record.name}.{action.name}",
        "tags": [record.name],
        "summary": action.label.say(language),
        "x-label": {"zh": action.label.zh, "en": action.label.en},
        "x-roles": [role for role in action.by if role != SYSTEM],
        "parameters": [] if action.new else [_ID],
        "requestBody": {"required": True, "content": _json(_request_schema(record, action, language))},
        "responses": _answers({"$ref": "#/components/schemas/Receipt"}),
    }
    if action.sources is not None and not action.new:
        operation["x-from"] = sorted(action.sources)
    if action.cite:
        operation["x-rules"] = list(action.cite)
    if action.checks:
        operation["description"] = "\n".join(f"- {check.message.say(language)}" for check in action.checks)
    return operation


def _request_schema(record: RecordType, action: Action, language: Language) -> Schema:
    needed = [ask.name for ask in action.ask if _needed(record, action, ask.name, ask.spec.required)]
    ask: Schema = {
        "type": "object",
        "properties": {each.name: ask_schema(each, language) for each in action.ask},
        "additionalProperties": False,
    }
    if needed:
        ask["required"] = needed
    parts: Schema = {"ask": ask, "reason": {"type": "string", "description": _WORDS["reason"].say(language)}}
    if action.backdate is not None:
        parts["at"] = {"type": "string", "format": "date-time", "description": _WORDS["at"].say(language)}
    if not action.new:
        parts["seen"] = {"type": "string", "format": "date-time", "description": _WORDS["seen"].say(language)}
    schema: Schema = {"type": "object", "properties": parts, "additionalProperties": False}
    return {**schema, "required": ["ask"]} if needed else schema


def _needed(record: RecordType, action: Action, name: str, required: bool) -> bool:
    """Say whether the caller must send the input: an existing record may have it already, a new one its default."""
    field = record.fields.get(name)
    if not required:
        return False
    return field is None or (action.new and field.default is None)


def _reading(record: RecordType, what: str, language: Language, schema: Schema, parameters: list[Schema]) -> Document:
    return {
        "operationId": f"{record.name}.{what}",
        "tags": [record.name],
        "summary": _WORDS[what].say(language),
        "parameters": parameters,
        "responses": _answers(schema),
    }


def _exporting(record: RecordType, language: Language) -> Document:
    asked = [each for each in _list_parameters(record, language) if each["name"] not in _OF_A_PAGE]
    operation = _reading(record, "export", language, {}, [*asked, _query("cols", {"type": "string"}, language)])
    return _with_file(operation)


def _template(record: RecordType, action: Action, language: Language) -> Document:
    return _with_file(_of_rows(record, action, "template", language, {}, []))


def _importing(record: RecordType, action: Action, language: Language) -> Document:
    commit = _query("commit", {"type": "string", "enum": ["0", "1"]}, language)
    operation = _of_rows(record, action, "import", language, {"type": "object"}, [commit])
    return {**operation, "requestBody": {"required": True, "content": _EXCEL}}


def _of_rows(
    record: RecordType, action: Action, what: str, language: Language, schema: Schema, parameters: list[Schema]
) -> Document:
    said = _WORDS[what].say(language).format(action.label.say(language))
    return {
        **_reading(record, what, language, schema, parameters),
        "operationId": f"{record.name}.{action.name}.{what}",
        "summary": said,
    }


def _with_file(operation: Document) -> Document:
    return {**operation, "responses": {**operation["responses"], "200": {"description": "OK", "content": _EXCEL}}}


def _revealing(record: RecordType, language: Language) -> Document:
    field = {"type": "string", "enum": list(record.fields)}
    reason = {"type": "string", "description": _WORDS["reason"].say(language)}
    schema = {"type": "object", "properties": {"field": field, "reason": reason}, "required": ["field", "reason"]}
    operation = _reading(record, "reveal", language, {"type": "object"}, [_ID])
    return {**operation, "requestBody": {"required": True, "content": _json(schema)}}


def _signing(record: RecordType, language: Language) -> Document:
    reason = {"type": "string", "description": _WORDS["reason"].say(language)}
    operation = _reading(record, "sign", language, {"type": "object"}, [_ID])
    body = {"type": "object", "properties": {"reason": reason}, "additionalProperties": False}
    return {**operation, "requestBody": {"required": True, "content": _json(body)}}


def _reports(plugin: Plugin, language: Language) -> Iterator[tuple[str, Document]]:
    for card in plugin.scorecards.values():
        day = {"name": "day", "in": "query", "schema": {"type": "string", "format": "date"}}
        subject = {"name": "subject", "in": "query", "schema": {"type": "string"}}
        yield (
            f"/api/{plugin.name}/scorecards/{card.name}",
            _report(
                f"scorecards.{card.name}",
                "scorecards",
                f"{_WORDS['card'].say(language)}: {card.label.say(language)}",
                [day, subject],
            ),
        )
    for report in plugin.reports.values():
        when = [{"name": "day", "in": "query", "schema": {"type": "string", "format": "date"}}, _named("store")]
        base, said = f"/api/{plugin.name}/reports/{report.name}", report.label.say(language)
        yield base, _report(f"reports.{report.name}", "reports", f"{_WORDS['report'].say(language)}: {said}", when)
        yield f"{base}/{{figure}}", _behind(report, language, when)
    for policy in plugin.dispatch.values():
        of = {"name": "for", "in": "query", "required": policy.item is not None, "schema": {"type": "string"}}
        yield (
            f"/api/{plugin.name}/rankings/{policy.name}",
            _report(
                f"dispatch.{policy.name}",
                "dispatch",
                f"{_WORDS['ranking'].say(language)}: {policy.label.say(language)}",
                [of],
            ),
        )


def _report(operation_id: str, tag: str, summary: str, parameters: list[Schema]) -> Document:
    return {
        "operationId": operation_id,
        "tags": [tag],
        "summary": summary,
        "parameters": parameters,
        "responses": _answers({"type": "object"}),
    }


def _behind(report: Report, language: Language, when: list[Schema]) -> Document:
    """Return the operation that opens the records a figure counts."""
    counted = [name for name, figure in report.figures.items() if figure.query is not None]
    figure = {"name": "figure", "in": "path", "required": True, "schema": {"type": "string", "enum": counted}}
    summary = f"{_WORDS['behind'].say(language)}: {report.label.say(language)}"
    page = [_query(name, {"type": "string"}, language) for name in ("cursor", "total")]
    return _report(f"reports.{report.name}.records", "reports", summary, [figure, *when, _named("row"), *page])


def _named(name: str) -> Schema:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def _list_parameters(record: RecordType, language: Language) -> Iterator[Schema]:
    for name in ("q", "sort", "fields", "cursor", "total"):
        yield _query(name, {"type": "string"}, language)
    yield {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}}
    if record.states:
        labels = {name: label.say(language) for name, label in record.states.items()}
        states = {"type": "string", "enum": list(record.states), "x-labels": labels}
        yield {"name": "state", "in": "query", "schema": states}
    for name, field in record.fields.items():
        if field.stored and field.spec.type in {"ref", "enum", "date"}:
            yield {"name": name, "in": "query", "schema": schema_of(field.spec, language)}


def _query(name: str, schema: Schema, language: Language) -> Schema:
    said = _WORDS[name].say(language)
    return {"name": name, "in": "query", "description": said, "schema": {**schema, "description": said}}


def _answers(schema: Schema) -> Document:
    error = {"$ref": "#/components/responses/Error"}
    return {
        "200": {"description": "OK", "content": _json(schema)},
        **dict.fromkeys(("401", "403", "404", "409", "422"), error),
    }


def _json(schema: Schema) -> Document:
    return {"application/json": {"schema": schema}}


_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_OF_A_PAGE = frozenset({"fields", "cursor", "total", "limit"})
_EXCEL: Document = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
        "schema": {"type": "string", "format": "binary"}
    }
}
