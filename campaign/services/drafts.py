"""What a member does to an action before it is signed: begins it, chooses, tells, edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.errors import Invalid
from campaign.domain.statuses import ActionStatus
from campaign.domain.texts import tidy
from campaign.models.action import Action, ActionChoice, DraftLetter
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.member import Member
from campaign.services import actions, campaign_contents, sites

STORY_LIMIT = 2_000  # characters
PARAGRAPH_LIMIT = 3_000
MOST_CHOICES = 3
MOST_REASONS = 2


def start(session: Session, member: Member, campaign: Campaign, facility_id: int | None, now: datetime) -> Action:
    """The open draft for a site (the member's first one where none is named), made where there is none.

    Words and reasons are carried over from the member's last action, so that who speaks for three plants types once.
    Raises Invalid when the member has no such site.
    """
    own = sites.of_member(session, member)
    if not own:
        raise Invalid("We have no address for you yet, so we cannot tell which offices are yours.", field="site")
    site = next((each for each in own if each.id == facility_id), None) if facility_id else own[0]
    if site is None:
        raise Invalid("Choose one of your sites.", field="site")
    # two tabs at once: the second waits here and finds the draft of the first
    session.execute(sa.select(Member.id).where(Member.id == member.id).with_for_update(key_share=True))
    existing = actions.find(session, member.id, campaign, site.id)
    if existing is not None:
        return existing
    before = actions.find(session, member.id, campaign)
    action = Action(
        member_id=member.id,
        campaign_id=campaign.id,
        wave=campaign.wave,
        facility_id=site.id,
        status=ActionStatus.DRAFT,
        jobs=site.jobs,
        reasons=list(before.reasons) if before else [],
        story=before.story if before else "",
        created_at=now,
        changed_at=now,
        choices=[],
        drafts=[],
    )
    if before is not None:
        action.choices = [
            ActionChoice(recommendation_id=choice.recommendation_id, rank=choice.rank) for choice in before.choices
        ]
    session.add(action)
    session.flush()
    return action


def choose(session: Session, action: Action, keys: Sequence[str], now: datetime) -> None:
    """One to three recommendations of the campaign, in the member's order. Raises Invalid."""
    actions.check_draft(action)
    known = campaign_contents.ids_by_key(session, action.campaign_id)
    chosen = list(dict.fromkeys(keys))
    if not chosen:
        raise Invalid("Pick at least one recommendation.", field="choices")
    if len(chosen) > MOST_CHOICES:
        raise Invalid(f"Pick at most {MOST_CHOICES}: offices answer letters that ask for few things.", field="choices")
    if any(key not in known for key in chosen):
        raise Invalid("Pick from the recommendations shown.", field="choices")
    if [known[key] for key in chosen] != [choice.recommendation_id for choice in action.choices]:
        action.choices.clear()
        session.flush()
        action.choices.extend(
            ActionChoice(action_id=action.id, recommendation_id=known[key], rank=rank)
            for rank, key in enumerate(chosen, 1)
        )
        action.changed_at = now


def tell(
    session: Session, action: Action, *, jobs: int | None, reasons: Sequence[str], story: str, now: datetime
) -> None:
    """Site facts and own words. `jobs` corrects the site's own count when given. Raises Invalid."""
    actions.check_draft(action)
    if len(reasons) > MOST_REASONS:
        raise Invalid(f"Choose at most {MOST_REASONS} reasons.", field="reasons")
    story = tidy(story)
    if len(story) > STORY_LIMIT:
        raise Invalid(
            f"Your words are {len(story):,} characters; a letter takes {STORY_LIMIT:,}. Cut {len(story) - STORY_LIMIT:,}.",
            field="story",
        )
    action.reasons, action.story, action.changed_at = list(reasons), story, now
    if jobs is not None:
        action.jobs = jobs
        session.get_one(Facility, action.facility_id).jobs = jobs


def edit(
    action: Action,
    target: str,
    now: datetime,
    *,
    included: bool,
    edits: Mapping[str, str] | None = None,
    limit: int = PARAGRAPH_LIMIT,
) -> None:
    """Leaves a letter out or in, or rewrites its paragraphs (by part key; only real changes are kept). `limit` is of
    characters in a paragraph."""
    actions.check_draft(action)
    draft = next((each for each in action.drafts if each.target == target), None)
    if draft is None:
        draft = DraftLetter(action_id=action.id, target=target, included=True, edits={})
        action.drafts.append(draft)
    draft.included = included
    if edits is not None:
        clean = {key: tidy(text) for key, text in edits.items()}  # browsers send two characters for a line end
        for text in clean.values():
            if len(text) > limit:
                raise Invalid(f"A paragraph takes {limit:,} characters. Cut {len(text) - limit:,}.")
        draft.edits = clean
    action.changed_at = now
