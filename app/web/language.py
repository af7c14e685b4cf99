"""Which of the two languages a caller reads."""

from __future__ import annotations

from fastapi import Request

from core.model.errors import Language

LANGUAGE_COOKIE = "branchline_language"  # set by the switch on every page


def language_of(request: Request) -> Language:
    """Return the caller's language: ``?lang=``, what was chosen on a page, Accept-Language, the node's own."""
    for asked in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if asked in ("zh", "en"):
            return "zh" if asked == "zh" else "en"
    return preferred(request.headers.get("accept-language", "")) or request.app.state.service.settings.language


def preferred(header: str) -> Language | None:
    """Return the language of an Accept-Language header with the highest weight, None when it names neither."""
    best: tuple[float, Language] | None = None
    for part in header.split(","):
        name, _, rest = part.strip().partition(";")
        primary = name.strip().lower().partition("-")[0]
        if primary not in ("zh", "en"):
            continue
        weight = _weight(rest)
        if weight > 0 and (best is None or weight > best[0]):
            best = (weight, "zh" if primary == "zh" else "en")
    return best[1] if best else None


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
