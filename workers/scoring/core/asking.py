"""Ask the model that speaks whom people should review next, with what makes it doubt."""

import asyncio
import hashlib
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np

from domain.scoring.core import MODEL, core_segments
from domain.scoring.kinds import Words
from domain.scoring.model import Model, model_stream
from domain.scoring.reasons import in_words, read_reasons
from workers.scoring.artefact import unpacked
from workers.scoring.clusters.fitting import Labels
from workers.scoring.core.alike import sides
from workers.scoring.core.kind import CORE, ready
from workers.scoring.core.labels import ENOUGH_REVIEWED, LOT, NONE
from workers.scoring.core.learning import Known
from workers.scoring.core.model import Ready
from workers.scoring.core.reviewing import chosen
from workers.scoring.running import Scoring


class ToReview(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to review: `why` she is asked about, what the model and the rules say of her, and what she is known by.

    `model` are the two likeliest segments and how sure each is; without a model that speaks there are none.
    """

    profile_id: str
    why: Words
    is_drawn: bool
    model: list[tuple[str, float]]
    rule: str | None
    reasons: list[Words]


class Reviews(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to review next; `reviewed` have been so far, of whom `judging` tell how right the model is.

    From `enough` on people teach the model alone.
    """

    reviewed: int
    judging: int
    enough: int
    people: list[ToReview]


async def to_review(work: Scoring, at: datetime, count: int) -> Reviews:
    """Return so many customers for people to review, by what is known at an instant."""
    model = await work.store.streams.load(Model, model_stream(MODEL))
    speaks: Ready | None = None
    if model.promoted is not None:
        path, sha256 = model.artefact(model.promoted)
        speaks = ready(unpacked(await asyncio.to_thread(work.files.artefact, path, sha256)))
    return await asyncio.to_thread(_to_review, work, at, count, speaks)


def _to_review(work: Scoring, at: datetime, count: int, speaks: Ready | None) -> Reviews:
    work.told("features", 0, 2)
    table, known = CORE.everybody(work.source, at)
    work.told("choosing", 1, 2)
    ids = np.asarray(table["profile_id"].to_pylist())
    reviewed = known.reviewed != NONE
    rows = None if speaks is None else speaks.matrix(known.values)
    sure = None if speaks is None or rows is None else speaks.assigned(rows).probabilities
    # While rules alone taught it, its doubts are theirs: kinds of customers are asked about instead.
    is_taught = reviewed.sum() >= ENOUGH_REVIEWED
    order = _order(ids)
    found = chosen(
        sure[order] if sure is not None and is_taught else None,
        sides(known.values)[order],
        ~reviewed[order],
        known.lot[order],
        count,
        seed=1,
    )
    doubtful, drawn = order[found.doubtful], order[found.drawn]
    people = [_asked(speaks, rows, sure, known, ids, int(row), is_drawn=False) for row in doubtful]
    people += [_asked(speaks, rows, sure, known, ids, int(row), is_drawn=True) for row in drawn]
    work.told("done", 2, 2)
    return Reviews(
        reviewed=int(reviewed.sum()), judging=int((reviewed & known.lot).sum()), enough=ENOUGH_REVIEWED, people=people
    )


def _order(ids: Any) -> Labels:
    """Return the rows in the order of a lot that is always the same."""
    drawn = [hashlib.md5(f"{LOT.salt}:{one}".encode(), usedforsecurity=False).digest() for one in ids]
    return np.array(sorted(range(len(drawn)), key=drawn.__getitem__), np.int64)


_NEW: Final = Words("同类客户中最典型的一位", "the most typical of customers of her kind")
_DRAWN: Final = Words("抽签抽中，用来检验模型有多准", "drawn by lot, to tell how right the model is")


def _asked(speaks: Ready | None, rows: Any, sure: Any, known: Known, ids: Any, row: int, *, is_drawn: bool) -> ToReview:
    keys = list(core_segments())
    likeliest: list[tuple[str, float]] = []
    reasons: list[Words] = []
    why = _DRAWN if is_drawn else _NEW
    if speaks is not None:
        best = np.argsort(-sure[row], kind="stable")[:2]
        likeliest = [(speaks.model.segments[one], round(float(sure[row, one]), 3)) for one in best]
        told = speaks.reasons(rows[row : row + 1], best[:1], exact=True)[0]
        reasons = [Words(one.zh, one.en) for one in map(in_words, read_reasons(msgspec.json.decode(told)))]
        if not is_drawn and len(likeliest) > 1:
            why = _between(likeliest)
    rule = int(known.ruled[row])
    return ToReview(
        profile_id=str(ids[row]),
        why=why,
        is_drawn=is_drawn,
        model=likeliest,
        rule=None if rule == NONE else keys[rule],
        reasons=reasons,
    )


def _between(likeliest: list[tuple[str, float]]) -> Words:
    """Say between which two the model wavers."""
    (one, first), (other, second) = likeliest
    named = core_segments()
    return Words(
        f"介于{named[one].zh}（{first:.0%}）与{named[other].zh}（{second:.0%}）之间",
        f"between {named[one].en.lower()} ({first:.0%}) and {named[other].en.lower()} ({second:.0%})",
    )
