"""Lists by keyset: every row once, in both directions, whatever arguments somebody types."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.database import transaction
from campaign.models.suppression import Suppression, SuppressionReason
from campaign.web.paging import Page, number, page_of
from tests.factories import NOW

SIZE = 4


@pytest.fixture
def ids(session: Session) -> list[int]:
    """Ten rows; their ids, newest first."""
    with transaction(session):
        rows = [
            Suppression(address=f"{n}@nowhere.example", reason=SuppressionReason.BOUNCED, at=NOW) for n in range(10)
        ]
        session.add_all(rows)
        session.flush()
        return sorted((row.id for row in rows), reverse=True)


def page(session: Session, **arguments: str) -> Page:
    return page_of(sa.select(Suppression), arguments, session, size=SIZE)


def shown(found: Page) -> list[int]:
    return [row.id for row in found.rows]


def test_going_on_shows_every_row_once_and_ends(session: Session, ids: list[int]) -> None:
    found, seen, pages = page(session), [], 0
    assert found.newer is None
    while True:
        seen += shown(found)
        pages += 1
        if found.older is None:
            break
        found = page(session, before=str(found.older))
    assert (seen, pages) == (ids, 3)


def test_going_back_shows_the_same_pages(session: Session, ids: list[int]) -> None:
    second = page(session, before=str(ids[3]))
    assert shown(second) == ids[4:8]
    back = page(session, after=str(second.newer))
    assert shown(back) == ids[:4]
    assert back.newer is None
    assert shown(page(session, before=str(back.older))) == ids[4:8]


def test_a_row_that_comes_meanwhile_moves_nothing(session: Session, ids: list[int]) -> None:
    first = page(session)
    with transaction(session):
        session.add(Suppression(address="new@nowhere.example", reason=SuppressionReason.BOUNCED, at=NOW))
    assert shown(page(session, before=str(first.older))) == ids[4:8]


@pytest.mark.parametrize("text", ["", "x", "-1", "1e3", "٣", "9" * 19, "1;DROP TABLE", " 1"])
def test_what_is_no_number_is_no_argument(session: Session, ids: list[int], text: str) -> None:
    assert number(text) is None
    assert shown(page(session, before=text)) == ids[:4]


def test_the_ends_of_a_list_are_empty_pages(session: Session, ids: list[int]) -> None:
    assert page(session, before=str(ids[-1])).rows == []
    assert page(session, after=str(ids[0])).rows == []
    assert page(session, before="9" * 18).rows
