"""A code lets one node of one store in, once; a lost answer can be asked for again; nothing secret is kept at the hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.model.errors import NodeError
from stores.node import Node
from stores.storage import identity
from stores.storage.credentials import Credential, InvitationRefused
from sync import enrolment, keys
from sync.enrolment import AddressRefused, EnrolmentRefused, check_url, enrol, invite
from sync.hub import server
from sync.protocol import Enrol, EnrolAnswer, NotEnrolled
from sync.wire.link import LinkDown
from tests.sync.nodes import DirectLink, World, everything, write

URL = "https://hq.example.com"


@pytest.fixture
def join(hub: Node, link: DirectLink, world: World) -> Callable[..., EnrolAnswer]:
    def join(node: Node, code: str) -> EnrolAnswer:
        return enrol(node, URL, code, dice=world.dice.randbytes, connect=lambda _url: link)

    return join


def test_a_code_becomes_a_credential_and_the_hubs_key_is_pinned(
    hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    code = invite(hub, "bund", dice=world.dice.randbytes).code

    answer = join(bund, code)

    with bund.database.read() as connection:
        kept = keys.upstream(connection)
        assert kept is not None
        assert kept.key == answer.key
        assert identity.load(connection) == bund.identity
    assert bund.identity.upstream == kept.url == URL
    assert server.authenticate(hub, kept.token) == Credential("bund", "bund")


def test_neither_code_nor_token_can_be_read_in_headquarters_database(
    hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    invitation = invite(hub, "bund", dice=world.dice.randbytes)
    join(bund, invitation.code)
    with bund.database.read() as connection:
        kept = keys.upstream(connection)
    assert kept is not None

    dump = everything(hub)

    assert kept.token not in dump
    assert invitation.code not in dump
    assert enrolment.plain_code(invitation.code) not in dump
    assert invitation.code not in repr(invitation)


def test_a_code_typed_the_way_people_type_is_understood(
    hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    code = invite(hub, "bund", dice=world.dice.randbytes).code
    typed = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")

    assert join(bund, f" {typed} ").store == "bund"


def test_a_code_works_once(hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]) -> None:
    code = invite(hub, "bund", dice=world.dice.randbytes).code
    join(bund, code)
    second = world.node("bund-2")
    second.identity = replace(second.identity, store="bund")

    with pytest.raises(InvitationRefused):
        join(second, code)


def test_who_overheard_a_used_code_gets_nothing_by_calling_himself_the_same(
    hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    code = invite(hub, "bund", dice=world.dice.randbytes).code
    join(bund, code)

    with pytest.raises(InvitationRefused):
        join(world.node("bund"), code)


def test_a_code_ends_after_two_days(hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]) -> None:
    code = invite(hub, "bund", dice=world.dice.randbytes).code
    world.wait(timedelta(hours=48).total_seconds() + 1)

    with pytest.raises(InvitationRefused):
        join(bund, code)


def test_after_a_lost_answer_the_same_code_brings_the_same_credential(
    hub: Node, bund: Node, link: DirectLink, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    code = invite(hub, "bund", dice=world.dice.randbytes).code

    def lost(_call: str, _answer: object) -> object:
        raise LinkDown.of("lost", "lost", "丢失")

    link.after = lost
    with pytest.raises(LinkDown):
        join(bund, code)
    link.after = lambda _, answer: answer

    assert join(bund, code).node == "bund"
    with bund.database.read() as connection:
        assert keys.offered_token(connection) is None


def test_a_code_for_one_store_does_not_let_another_in_and_stays_good(
    hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    code = invite(hub, "jingan", dice=world.dice.randbytes).code

    with pytest.raises(EnrolmentRefused) as caught:
        join(bund, code)

    assert caught.value.problems[0].code == "enrol-store"
    assert join(world.node("jingan"), code).store == "jingan"


def test_nobody_takes_over_the_name_of_another_stores_node(
    hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    join(bund, invite(hub, "bund", dice=world.dice.randbytes).code)
    impostor = world.node("bund")
    impostor.identity = replace(impostor.identity, store="jingan")

    with pytest.raises(EnrolmentRefused) as caught:
        join(impostor, invite(hub, "jingan", dice=world.dice.randbytes).code)

    assert caught.value.problems[0].code == "enrol-name"


@pytest.mark.parametrize("name", ["hq", "bund.2"])
def test_a_name_that_would_be_mistaken_for_another_is_refused(hub: Node, world: World, name: str) -> None:
    code = invite(hub, "bund", dice=world.dice.randbytes).code

    with pytest.raises(EnrolmentRefused):
        server.enrol(hub, Enrol(code, name, "bund", "t" * 64))


@pytest.mark.parametrize(
    "question", [Enrol("C", "bund", "bund", "t" * 64, protocol=99), Enrol("C", "bund", "bund", "short")]
)
def test_another_protocol_or_a_weak_token_is_refused_before_the_code_is_used(hub: Node, question: Enrol) -> None:
    with pytest.raises(EnrolmentRefused):
        server.enrol(hub, question)


def test_a_second_enrolment_replaces_the_first_token_once_it_is_used(
    hub: Node, bund: Node, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    join(bund, invite(hub, "bund", dice=world.dice.randbytes).code)
    with bund.database.read() as connection:
        first = keys.upstream(connection)
    assert first is not None
    assert server.authenticate(hub, first.token) == Credential("bund", "bund")
    join(bund, invite(hub, "bund", dice=world.dice.randbytes).code)
    with bund.database.read() as connection:
        second = keys.upstream(connection)
    assert second is not None

    assert first.token != second.token
    assert server.authenticate(hub, second.token) == Credential("bund", "bund")
    with pytest.raises(NotEnrolled):
        server.authenticate(hub, first.token)


def test_a_node_that_worked_as_its_own_headquarters_cannot_join_later(
    hub: Node, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    loner = world.node("bund", upstream=None)
    write(loner, world.id(), "create", name="李")

    with pytest.raises(EnrolmentRefused) as caught:
        join(loner, invite(hub, "bund", dice=world.dice.randbytes).code)

    assert caught.value.problems[0].code == "enrol-late"


def test_an_answer_about_somebody_else_is_not_taken_for_ours(
    bund: Node, hub: Node, link: DirectLink, world: World, join: Callable[..., EnrolAnswer]
) -> None:
    code = invite(hub, "bund", dice=world.dice.randbytes).code
    link.after = lambda _, answer: replace(answer, store="jingan")

    with pytest.raises(EnrolmentRefused):
        join(bund, code)

    with bund.database.read() as connection:
        assert keys.upstream(connection) is None


def test_headquarters_does_not_invite_itself(hub: Node, world: World) -> None:
    with pytest.raises(EnrolmentRefused):
        invite(hub, "hq", dice=world.dice.randbytes)


def test_a_node_that_never_invited_anybody_lets_nobody_in(world: World) -> None:
    alone = world.node("alone", upstream=None)

    with pytest.raises(NodeError) as caught:
        server.enrol(alone, Enrol("CODE", "bund", "bund", "t" * 64))

    assert caught.value.problems[0].code == "not-a-hub"


@pytest.mark.parametrize("token", [None, "", "unknown", "t" * 64])
def test_every_bad_token_gets_the_same_answer(hub: Node, token: str | None) -> None:
    with pytest.raises(NotEnrolled) as caught:
        server.authenticate(hub, token)

    assert caught.value.problems[0].code == "not-enrolled"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://hq.example.com/", "https://hq.example.com"),
        (" https://hq.example.com:8443/chain/ ", "https://hq.example.com:8443/chain"),
        ("http://127.0.0.1:8800", "http://127.0.0.1:8800"),
        ("http://[::1]:8800", "http://[::1]:8800"),
        ("http://localhost:8800", "http://localhost:8800"),
    ],
)
def test_a_safe_address_is_kept_without_what_does_not_belong_to_it(typed: str, kept: str) -> None:
    assert check_url(typed) == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://hq.example.com", "http://192.168.1.10:8800", "ftp://hq.example.com", "hq.example.com", "https://",
        "https://user:secret@hq.example.com", "https://hq.example.com/?x=1", "https://hq.example.com/#a", "https://[::1",
        "https://hq.example.com:port",
    ],
)  # fmt: skip
def test_an_address_that_would_give_the_credential_away_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)


def test_without_certificates_plain_http_is_for_the_houses_own_network_only() -> None:
    assert check_url("http://192.168.1.10:8800", plain_http=True) == "http://192.168.1.10:8800"
    assert check_url("http://office-pc:8800", plain_http=True) == "http://office-pc:8800"
    with pytest.raises(AddressRefused):
        check_url("http://8.8.8.8", plain_http=True)
    with pytest.raises(AddressRefused):
        check_url("http://hq.example.com", plain_http=True)


def test_a_token_of_one_node_does_not_become_another_s(hub: Node, world: World) -> None:
    token = "t" * 64
    server.enrol(hub, Enrol(invite(hub, "bund", dice=world.dice.randbytes).code, "bund", "bund", token))
    second = invite(hub, "bund", dice=world.dice.randbytes).code

    with pytest.raises(EnrolmentRefused) as caught:
        server.enrol(hub, Enrol(second, "bund-bar", "bund", token))

    assert caught.value.problems[0].code == "enrol-name"
    assert server.authenticate(hub, token) == Credential("bund", "bund")
