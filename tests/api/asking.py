"""Another system that asks, and holds every answer to the published document."""

from functools import cache
from typing import Any, NamedTuple

from django.test import Client
from django.urls import resolve
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from api.reading import document

HOME = "/api/v1"


class Answer(NamedTuple):
    status: int
    said: Any
    headers: dict


@cache
def published() -> dict:
    return document()


def described(path: str) -> str:
    """The path as the document writes it."""
    route = resolve(path).route
    return "/" + route.replace("<int:", "{").replace(">", "}")


def held_to_the_document(path: str, status: int, kind: str, said) -> None:
    """Raises jsonschema.ValidationError, or KeyError for an answer that is not described."""
    responses = published()["paths"][described(path)]["get"]["responses"]
    assert kind in responses[status]["content"], (path, status, kind)
    registry = Registry().with_resource("urn:api", Resource.from_contents(published(), DRAFT202012))
    schema = responses[status]["content"][kind]["schema"]
    Draft202012Validator(
        {"$id": "urn:asked", **_absolute(schema)}, registry=registry, format_checker=FormatChecker()
    ).validate(said)


def _absolute(schema):
    if isinstance(schema, dict):
        return {
            key: f"urn:api{value}" if key == "$ref" and value.startswith("#") else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def ask(token: str, path: str, **parameters) -> Answer:
    """GET one address of the API; the answer is held to the document."""
    url = HOME + path
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = Client().get(url, parameters, headers=headers)
    kind = response["Content-Type"].split(";")[0]
    said = response.json()
    held_to_the_document(url, response.status_code, kind, said)
    return Answer(response.status_code, said, response.headers)


def everything(token: str, path: str, **parameters) -> list[dict]:
    """All rows of a list, page by page."""
    rows, after = [], None
    while True:
        page = ask(token, path, **parameters, **({"after": after} if after else {})).said
        rows += page["items"]
        after = page["next"]
        if after is None:
            return rows
