from __future__ import annotations

import pytest

from app.signin.throttle import ADDRESS_LIMITS, LOGIN_LIMITS, Throttle, TooManyAttempts


class Watch:
    """A clock that is set by hand, in seconds."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def throttle(watch: Watch) -> Throttle:
    return Throttle(watch)


def fail(throttle: Throttle, times: int, login: str = "li", address: str = "10.0.0.7") -> None:
    for _ in range(times):
        throttle.enter(login, address)


def is_refused(throttle: Throttle) -> bool:
    try:
        throttle.enter("li", "10.0.0.7")
    except TooManyAttempts:
        return True
    return False


def test_five_mistakes_are_free_and_the_next_attempt_waits(throttle: Throttle) -> None:
    fail(throttle, LOGIN_LIMITS.free)

    with pytest.raises(TooManyAttempts) as told:
        throttle.enter("li", "10.0.0.8")  # from another address too

    assert told.value.seconds == LOGIN_LIMITS.first_wait_s
    assert told.value.status == 429


def test_the_wait_doubles_up_to_half_an_hour(throttle: Throttle, watch: Watch) -> None:
    waits = []
    fail(throttle, LOGIN_LIMITS.free)
    for attempt in range(6):
        with pytest.raises(TooManyAttempts) as told:
            throttle.enter("li", f"10.0.1.{attempt}")
        waits.append(told.value.seconds)
        watch.seconds += told.value.seconds
        throttle.enter("li", f"10.0.1.{attempt}")

    assert waits[:4] == [300, 600, 1200, 1800]
    assert waits[-1] == 1800


def test_one_address_cannot_try_every_login(throttle: Throttle) -> None:
    for number in range(ADDRESS_LIMITS.free):
        throttle.enter(f"person-{number}", "10.0.0.9")

    with pytest.raises(TooManyAttempts):
        throttle.enter("somebody-new", "10.0.0.9")


def test_signing_in_forgives_the_login_and_only_this_attempt_of_the_address(throttle: Throttle) -> None:
    fail(throttle, LOGIN_LIMITS.free - 1)
    throttle.enter("li", "10.0.0.7")
    throttle.succeeded("li", "10.0.0.7")

    fail(throttle, LOGIN_LIMITS.free - 1)  # counted from nought again


def test_an_hour_of_quiet_is_forgiven(throttle: Throttle, watch: Watch) -> None:
    fail(throttle, LOGIN_LIMITS.free - 1)
    watch.seconds += 3601

    fail(throttle, LOGIN_LIMITS.free - 1)


def test_attempts_under_way_at_once_are_all_counted(throttle: Throttle) -> None:
    # ten guesses enter before the first one has been judged
    refused = [attempt for attempt in range(10) if is_refused(throttle)]

    assert refused == list(range(LOGIN_LIMITS.free, 10))


def test_the_table_of_counts_stays_small(throttle: Throttle) -> None:
    for number in range(12_000):
        throttle.enter(f"login-{number}", f"address-{number}")

    assert len(throttle._counts) <= 10_000
