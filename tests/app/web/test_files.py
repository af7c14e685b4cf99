"""Files over HTTP: uploaded first, named by a record, and open only to whoever may see the field that names them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from core.model.contents import CONTENT_BYTES_MAX, hash_in

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 300_000
HOSTILE = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


def upload(client: Any, data: bytes = PNG, name: str = "单车 1.png") -> Any:
    return client.post("/api/files", content=data, headers={"X-File-Name": quote(name)})


def bicycle(client: Any, **ask: Any) -> Any:
    return client.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1", **ask}})


def test_a_photo_is_uploaded_named_and_opened_again(shop: Any) -> None:
    li = shop.as_("li")

    told = upload(li).json()
    assert (told["name"], told["size"], told["picture"]) == ("单车 1.png", len(PNG), True)
    made = bicycle(li, photo=told["value"]).json()["id"]

    row = li.get(f"/api/bicycle_rental/bicycle/{made}").json()
    assert row["photo"] == told["value"]
    got = li.get(f"/api/bicycle_rental/bicycle/{made}/files/photo/{hash_in(told['value'])}")
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, PNG, "image/png")
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["content-disposition"].startswith("inline; filename*=UTF-8''%E5")


def test_what_could_carry_script_is_a_download_whatever_it_is_called(shop: Any) -> None:
    li = shop.as_("li")
    value = upload(li, HOSTILE, "photo.png").json()["value"]
    made = bicycle(li, photo=value).json()["id"]

    got = li.get(f"/api/bicycle_rental/bicycle/{made}/files/photo/{hash_in(value)}")

    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["x-content-type-options"] == "nosniff"


def test_a_record_cannot_name_what_nobody_has_uploaded(shop: Any) -> None:
    refused = bicycle(shop.as_("li"), papers=f"blake2b:{'ab' * 32}/papers.pdf")

    assert refused.status_code == 422
    (problem,) = refused.json()["error"]["problems"]
    assert (problem["code"], problem["field"]) == ("no-such-content", "papers")
    assert bicycle(shop.as_("li"), papers="in the red folder.pdf").status_code == 200, "a name alone is a name"


def test_a_file_opens_only_through_a_field_that_names_it_and_that_one_may_see(shop: Any) -> None:
    li = shop.as_("li")
    value, other = upload(li).json()["value"], upload(li, b"%PDF-1.7 papers", "p.pdf").json()["value"]
    made = bicycle(li, photo=value, papers=other).json()["id"]
    digest, base = hash_in(value), f"/api/bicycle_rental/bicycle/{made}/files"

    assert li.get(f"{base}/papers/{digest}").status_code == 404
    assert li.get(f"{base}/frame/{digest}").status_code == 404
    assert li.get(f"{base}/no_such/{digest}").status_code == 404
    assert li.get(f"{base}/photo/{'ab' * 32}").status_code == 404
    assert li.get(f"{base}/papers/{hash_in(other)}").content == b"%PDF-1.7 papers"
    assert shop.as_("no").get(f"{base}/photo/{digest}").status_code in (403, 404)
    assert shop.client().get(f"{base}/photo/{digest}").status_code == 401


@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (b"", {"X-File-Name": "a.png"}, 422, "content-empty"),
        (b"x", {}, 422, "no-file-name"),
        (b"x", {"X-File-Name": ".."}, 422, "bad-file"),
        (b"x" * (CONTENT_BYTES_MAX + 1), {"X-File-Name": "a.png"}, 413, "content-too-large"),
    ],
)
def test_an_upload_that_cannot_be_kept_is_refused_in_words(
    shop: Any, data: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    refused = shop.as_("li").post("/api/files", content=data, headers=headers)

    assert refused.status_code == status, refused.text
    assert refused.json()["error"]["code"] == code


def test_nobody_uploads_without_signing_in_nor_from_another_site(shop: Any) -> None:
    assert upload(shop.client()).status_code == 401
    assert upload(shop.as_("no")).status_code == 403, "who holds no post acts on nothing"
    client = shop.client()
    client.post(
        "/api/session", json={"login": "li", "password": "a long enough password"}, headers={"X-Branchline": "1"}
    )
    assert upload(client).status_code == 403


def test_pages_show_photos_and_offer_files_and_a_form_keeps_what_was_uploaded(shop: Any) -> None:
    li = shop.as_("li")
    value, papers = upload(li).json()["value"], upload(li, b"%PDF", "合同.pdf").json()["value"]
    made = bicycle(li, photo=value, papers=papers).json()["id"]
    browser = shop.client()
    browser.post("/sign-in", data={"login": "li", "password": "a long enough password"})

    page = browser.get(f"/records/bicycle_rental/bicycle/{made}").text
    address = f"/records/bicycle_rental/bicycle/{made}/files/photo/{hash_in(value)}"
    assert f'<img src="{address}" alt="单车 1.png"' in page
    assert ">合同.pdf</a>" in page
    assert browser.get(address).content == PNG
    form = browser.get("/records/bicycle_rental/bicycle/actions/add", params={"photo": value}).text
    assert f'name="photo" value="{value}"' in form
    assert 'type="file" class="unseen" id="in-photo" accept="image/*"' in form
