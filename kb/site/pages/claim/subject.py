"""A claim with everything from which the sections of its page are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from kb.exports.published import Site
from kb.judging.judgement import Judgement, SettingJudgement
from kb.judging.verdict import Verdict
from kb.reading.outcomes import Outcome
from kb.records.claims import Claim, Protocol
from kb.site.figures.neighbourhood import Neighbourhoods
from kb.site.pages.claim.predictions import Row, rows
from kb.words.arms import Texts
from kb.words.settings import at_settings, capitalised, scale_text


class Table(NamedTuple):
    """The predictions beside the results of one setting.

    Attributes:
        found: The judgement of the setting; None while there is no script.
        scale: What the setting sets, in words.
        words: Where it is, such as `in our small setting`; empty if there is only one.
    """

    found: SettingJudgement | None
    scale: str
    rows: tuple[Row, ...]
    words: str = ""


@dataclass(frozen=True)
class Subject:
    """The claim that a page is about.

    Attributes:
        neighbourhoods: Draws what surrounds any claim of the site.
    """

    site: Site
    claim_id: str
    neighbourhoods: Neighbourhoods

    @property
    def claim(self) -> Claim:
        """Return the record."""
        return self.site.base.claims[self.claim_id]

    @property
    def protocol(self) -> Protocol | None:
        """Return the claim's protocol; None if it has none."""
        return self.claim.protocol

    @property
    def judgement(self) -> Judgement:
        """Return the judgement of the claim."""
        return self.site.judgements[self.claim_id]

    @property
    def verdict(self) -> Verdict | None:
        """Return the verdict, if current evidence gives one."""
        return self.judgement.verdict

    @property
    def can_run(self) -> bool:
        """Say whether the claim has a protocol whose script is written."""
        return self.protocol is not None and self.judgement.state != "to be written"

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Return the outcomes of the claim's script by name; none if there is no script."""
        script = self.site.base.scripts.get(self.protocol.experiment) if self.protocol else None
        return script.outcomes if script else {}

    @property
    def texts(self) -> Texts:
        """Return what each arm of the claim's script is; nothing if there is no script."""
        script = self.site.base.scripts.get(self.protocol.experiment) if self.protocol else None
        return script.arms if script else {}

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Return every prediction, each followed by its controls, beside the results of the main setting."""
        return self._rows(self.judgement.main)

    def _rows(self, found: SettingJudgement | None) -> tuple[Row, ...]:
        """Return the rows of one setting; those before the first run without a number."""
        verdict = found.verdict if found else None
        values = {}
        if found and self.protocol and verdict:
            ledger, arms = self.site.ledger, self.protocol.arms
            values = ledger.values(self.protocol.experiment, found.version, arms, self.judgement.replication)
        return tuple(rows(self.claim, verdict, self.outcomes, self.texts, values))

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """Return the same for every setting; without a script, only for the main one."""
        if len(self.judgement.settings) < 2:
            return (Table(self.judgement.main, "", self.rows),)
        return tuple(
            Table(found, scale_text(found), self._rows(found), capitalised(at_settings([found])))
            for found in self.judgement.settings
        )
