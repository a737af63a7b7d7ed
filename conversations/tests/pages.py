"""Addresses, bodies, elements and policies of admin pages."""

from html.parser import HTMLParser

from django.urls import reverse

LISTS = ["conversation", "session", "message", "transportattempt", "fallbackevent"]


def changelist(model: str) -> str:
    return reverse(f"admin:conversations_{model}_changelist")


def page_of(obj) -> str:
    return reverse(f"admin:conversations_{obj._meta.model_name}_change", args=[obj.pk])


def body(response) -> str:
    assert response.status_code == 200, response
    return response.content.decode()


class Elements(HTMLParser):
    """Counts tags and keeps every attribute of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def csp(response) -> dict[str, str]:
    directives = response.headers["Content-Security-Policy"].split(";")
    return {name: rest for name, _, rest in (directive.strip().partition(" ") for directive in directives)}
