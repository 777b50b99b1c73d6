"""A message goes out once, or it is known why not."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given as whenever
from hypothesis import strategies as st

from domain.channels import outcome as outcomes
from domain.channels.message import RETRY_AFTER, Message, MessageExistsError, MessageNotFoundError
from domain.channels.outcome import Outcome
from domain.kernel.event import Event
from tests.builders import CUSTOMER, NOON, a_message, message_requested
from tests.spec import STREAM, given

ASKED = message_requested()
DISPATCHED = Message.Dispatched(attempt=1, endpoint_id=CUSTOMER)
ACCEPTED = Message.Accepted(provider_id="<1@koi>")
LATER = NOON + timedelta(seconds=RETRY_AFTER[0])
RETRYING = Message.Failed(failure="retry_later", detail="451 at RCPT", retry_at=LATER)


def dispatch(message: Message, *, now: datetime = NOON, guards_duplicates: bool = False) -> bool:
    """Try to hand it over."""
    return message.dispatch(endpoint_id=CUSTOMER, now=now, guards_duplicates=guards_duplicates)


def test_a_message_is_asked_for_once() -> None:
    """A repeat of the request is refused."""
    given(Message).when(lambda m: m.ask(a_message())).then(ASKED)
    given(Message, ASKED).when(lambda m: m.ask(a_message())).then_raises(MessageExistsError)


def test_a_message_is_handed_over_once() -> None:
    """Whatever asks again after its fate is known is told that there is nothing to do."""
    given(Message, ASKED).when(dispatch).then(DISPATCHED).then_answers(answer=True)
    for fate in (
        ACCEPTED,
        Message.Delivered(),
        Message.Failed(failure="rejected", detail="550 5.7.1 at DATA"),
        Message.Unknown(attempt=1, detail="no answer"),
    ):
        given(Message, ASKED, DISPATCHED, fate).when(dispatch).then_nothing().then_answers(answer=False)
    suppressed = Message.Suppressed(reason="no_consent")
    given(Message, ASKED, suppressed).when(dispatch).then_nothing().then_answers(answer=False)


def test_after_a_crash_a_channel_without_a_guard_is_not_tried_again() -> None:
    """An e-mail that may have gone out waits for a person."""
    lost = Message.Unknown(attempt=1, detail="the outcome of the attempt was lost, and the channel may have taken it")
    given(Message, ASKED, DISPATCHED).when(dispatch).then(lost).then_answers(answer=False)


def test_after_a_crash_a_channel_that_recognises_repeats_is_tried_again() -> None:
    """The receiver sees the same id twice and the message once."""
    again = Message.Dispatched(attempt=2, endpoint_id=CUSTOMER)
    given(Message, ASKED, DISPATCHED).when(lambda m: dispatch(m, guards_duplicates=True)).then(again)


def test_a_suppressed_message_says_why() -> None:
    """A journey and an auditor can both read it."""
    given(Message, ASKED).when(lambda m: m.suppress("no_consent")).then(Message.Suppressed(reason="no_consent"))
    given(Message, ASKED, DISPATCHED, ACCEPTED).when(lambda m: m.suppress("expired")).then_nothing()


def test_a_withdrawal_after_a_lost_attempt_leaves_that_attempt_unknown() -> None:
    """To say that nothing went out would be a guess."""
    given(Message, ASKED, DISPATCHED).when(lambda m: m.suppress("no_consent")).then(
        Message.Unknown(attempt=1, detail="the outcome of the attempt was lost; not repeated: no_consent")
    )


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        (outcomes.Accepted(provider_id="<1@koi>"), ACCEPTED),
        (outcomes.Delivered(), Message.Delivered()),
        (outcomes.RetryLater(detail="451 at RCPT"), RETRYING),
        (
            outcomes.RetryLater(detail="429", after=60.0),
            Message.Failed(failure="retry_later", detail="429", retry_at=NOON + timedelta(seconds=60)),
        ),
        (
            outcomes.Quota(scope="account", until=NOON + timedelta(hours=2), detail="day"),
            Message.Failed(failure="quota_account", detail="day", retry_at=NOON + timedelta(hours=2)),
        ),
        (
            outcomes.Quota(scope="recipient", until=NOON + timedelta(days=2), detail="day"),
            Message.Failed(failure="quota_recipient", detail="day"),
        ),
        (outcomes.RecipientInvalid(detail="550"), Message.Failed(failure="recipient_invalid", detail="550")),
        (outcomes.OptedOut(detail="blocked"), Message.Failed(failure="opted_out", detail="blocked")),
        (outcomes.Rejected(detail="535"), Message.Failed(failure="rejected", detail="535")),
        (outcomes.Unknown(detail="no answer"), Message.Unknown(attempt=1, detail="no answer")),
    ],
)
def test_every_outcome_is_recorded_as_what_it_means(outcome: Outcome, event: Event) -> None:
    """A retry after the message has lost its point is a failure for good."""
    given(Message, ASKED, DISPATCHED).when(lambda m: m.note(outcome, NOON)).then(event).then_answers(answer=True)


def test_a_retry_waits_for_its_time() -> None:
    """The same message, under the same id, one attempt later."""
    given(Message, ASKED, DISPATCHED, RETRYING).when(dispatch).then_nothing()
    second = Message.Dispatched(attempt=2, endpoint_id=CUSTOMER)
    given(Message, ASKED, DISPATCHED, RETRYING).when(lambda m: dispatch(m, now=LATER)).then(second)


def test_retries_end() -> None:
    """After the last pause of the schedule it is given up."""
    last = Message.Dispatched(attempt=len(RETRY_AFTER) + 1)
    given(Message, message_requested(expires_at=NOON + timedelta(days=9)), last).when(
        lambda m: m.note(outcomes.RetryLater(detail="503", after=5), NOON)
    ).then(Message.Failed(failure="retry_later", detail="503"))


def test_a_receipt_after_acceptance_has_the_last_word() -> None:
    """Delivered, or bounced; a second acceptance is no news."""
    accepted = (ASKED, DISPATCHED, ACCEPTED)
    given(Message, *accepted).when(lambda m: m.note(outcomes.Delivered(), NOON)).then(Message.Delivered())
    given(Message, *accepted).when(lambda m: m.note(outcomes.RecipientInvalid(detail="bounce"), NOON)).then(
        Message.Failed(failure="recipient_invalid", detail="bounce")
    )
    again = given(Message, *accepted).when(lambda m: m.note(outcomes.Accepted(provider_id="x"), NOON))
    again.then_nothing().then_answers(answer=False)
    late = given(Message, *accepted).when(lambda m: m.note(outcomes.RetryLater(detail="late"), NOON))
    late.then_nothing()


def test_an_unknown_message_is_settled_by_a_receipt_or_a_person() -> None:
    """Also by deciding to try again."""
    unknown = (ASKED, DISPATCHED, Message.Unknown(attempt=1, detail="no answer"))
    given(Message, *unknown).when(lambda m: m.note(outcomes.Delivered(), NOON)).then(Message.Delivered())
    given(Message, *unknown).when(lambda m: m.note(outcomes.RetryLater(detail="451 at RCPT"), NOON)).then(RETRYING)


def test_a_message_nobody_asked_for_has_no_outcome() -> None:
    """A forged receipt changes nothing."""
    given(Message).when(lambda m: m.note(outcomes.Delivered(), NOON)).then_raises(MessageNotFoundError)


OUTCOMES: list[Outcome] = [
    outcomes.Accepted(provider_id="1"),
    outcomes.Delivered(),
    outcomes.Unknown(detail="no answer"),
    outcomes.Rejected(detail="535"),
    outcomes.RetryLater(detail="451"),
]


@whenever(st.lists(st.sampled_from([None, *OUTCOMES]), max_size=12))
def test_a_channel_without_a_guard_never_sees_a_message_again_that_it_may_have_taken(
    told: list[Outcome | None],
) -> None:
    """Between two attempts there is always an answer, or a person's word, that the first one did not go out."""
    message = Message(STREAM)
    message.ask(a_message(expires_at=NOON + timedelta(days=999)))
    may_have_gone_out = False
    for days, one in enumerate(told):
        now = NOON + timedelta(days=days)
        if one is None and dispatch(message, now=now):
            assert not may_have_gone_out
            may_have_gone_out = True
        elif one is not None and message.note(one, now):
            may_have_gone_out = not isinstance(one, outcomes.RetryLater)
