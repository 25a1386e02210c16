"""The offices of a campaign: which are targeted, which were reached, and what each was sent. Read-only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.districts import OfficeKind, congress_at
from campaign.domain.statuses import WITH_THE_OFFICE, ResponseState, Status
from campaign.domain.targeting import TargetKind
from campaign.models.campaign import CampaignExclusion, CampaignRecommendation
from campaign.models.company import Facility
from campaign.models.geography import ZipDistrict
from campaign.models.invitation import Invitation
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.office import Office
from campaign.models.recommendation import Ask
from campaign.services.metrics import Figures


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """One office of the campaign. `reached`: a letter was accepted, or the member says that one was filed."""

    office_id: int
    code: str
    state: str | None
    kind: OfficeKind
    by_status: Mapping[Status, int]
    responses: Mapping[ResponseState, int]
    member: int  # delivered on the member's word; among those delivered
    by_hand: int  # waits for a person to file or post; among those queued

    @property
    def confirmed(self) -> int:
        return self.by_status.get(Status.DELIVERED, 0) - self.member

    @property
    def moving(self) -> int:
        return self.count(Status.QUEUED, Status.SENDING) - self.by_hand

    @property
    def letters(self) -> int:
        return sum(self.by_status.values())

    @property
    def reached(self) -> bool:
        return any(self.by_status.get(status) for status in WITH_THE_OFFICE)

    def count(self, *statuses: Status) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)


def offices(session: Session, campaign_id: int, found: Figures, now: datetime) -> list[OfficeLine]:
    """Targeted offices, most letters first, and those without a letter after them. One statement.

    Targeted is every office that has a letter, both senators of each state in which an invited member has a site, and the
    representative of each such site whose ZIP lies in one district; seats only where the campaign has an ask for them.
    """
    rows = session.execute(
        sa.select(Office.id, Office.code, Office.state, Office.kind).where(
            sa.or_(Office.id.in_(list(found.by_office)), _may_be_written_to(campaign_id, congress_at(now)))
        )
    )
    lines = [
        OfficeLine(
            row.id,
            row.code,
            row.state,
            row.kind,
            found.by_office.get(row.id, {}),
            found.responses_by_office.get(row.id, {}),
            found.said_by_office.get(row.id, 0),
            found.by_hand_by_office.get(row.id, 0),
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: (-line.letters, line.code))


def _may_be_written_to(campaign_id: int, congress: int) -> sa.ColumnElement[bool]:
    sites = _sites_of_the_invited(campaign_id)
    one_district = (
        sa.select(ZipDistrict.zip)
        .where(ZipDistrict.congress == congress)
        .group_by(ZipDistrict.zip)
        .having(sa.func.count() == 1)
        .where(ZipDistrict.zip.in_(sa.select(sites.c.zip5)))
    )
    seats = sa.select(ZipDistrict.state.concat("-").concat(sa.cast(ZipDistrict.district, sa.String))).where(
        ZipDistrict.congress == congress, ZipDistrict.zip.in_(one_district)
    )
    senate = sa.and_(
        Office.kind == OfficeKind.SENATOR,
        Office.state.in_(sa.select(sites.c.state)),
        _has_ask(campaign_id, TargetKind.SENATE),
    )
    house = sa.and_(
        Office.district.is_not(None),
        Office.state.concat("-").concat(sa.cast(Office.district, sa.String)).in_(seats),
        _has_ask(campaign_id, TargetKind.HOUSE),
    )
    excluded = sa.select(CampaignExclusion.office_id).where(CampaignExclusion.campaign_id == campaign_id)
    return sa.and_(Office.active, Office.id.not_in(excluded), sa.or_(senate, house))


def _sites_of_the_invited(campaign_id: int) -> sa.CTE:
    zip5 = sa.func.substr(Facility.zip, 1, 5).label("zip5")
    invited = sa.select(Member.id, Member.company_id).join(Invitation, Invitation.member_id == Member.id)
    people = invited.where(Invitation.campaign_id == campaign_id).cte("invited")
    return sa.union(
        sa.select(Facility.state, zip5).join(people, people.c.company_id == Facility.company_id),
        sa.select(Facility.state, zip5).join(people, people.c.id == Facility.member_id),
    ).cte("invited_sites")


def _has_ask(campaign_id: int, kind: TargetKind) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        CampaignRecommendation.campaign_id == campaign_id,
        CampaignRecommendation.recommendation_id == Ask.recommendation_id,
        Ask.target == kind,
    )


def names(session: Session, office_ids: Collection[int]) -> dict[int, str]:
    """Whom the newest letter to each of these offices addresses. One statement, for the few offices of one page."""
    newest = sa.select(sa.func.max(Letter.id)).where(Letter.office_id.in_(office_ids)).group_by(Letter.office_id)
    rows = session.execute(sa.select(Letter.office_id, Letter.addressee).where(Letter.id.in_(newest)))
    return {row.office_id: row.addressee for row in rows}


def by_state(lines: Sequence[OfficeLine]) -> dict[str, tuple[int, int]]:
    """Reached and targeted seats by state; agencies have none."""
    found: dict[str, tuple[int, int]] = {}
    for line in lines:
        if line.state is not None:
            reached, targeted = found.get(line.state, (0, 0))
            found[line.state] = (reached + line.reached, targeted + 1)
    return found
