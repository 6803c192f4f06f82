"""Labels of reported listings: the brand's verdict, never weighted as if its version had been drawn."""

from dataclasses import replace
from datetime import timedelta

from serving.intake.service.intake import receive
from serving.learning.service.labelling import known_at
from serving.learning.store import learning, monitoring
from serving.platform.database.window import Window
from serving.reports.service.withdrawing import retract
from tests.fixtures.listings import a_row
from tests.fixtures.replays import having
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.reviewing import open_cases
from tests.fixtures.runtimes import Site
from tests.serving.reports.service.test_withdrawing import carry_out_all


def test_a_reported_version_represents_itself_alone_unless_it_was_drawn_before(any_site: Site) -> None:
    (name,) = on_sale(any_site, 1)
    drawing = replace(any_site.runtime, draw=lambda: 0.0)
    receive(drawing, any_site.marketplace, [a_row(external_id="MP-50")], source="test")
    (drawn,) = open_cases(any_site)
    any_site.clock.forward(minutes=5)
    done = report(any_site, [name, "MP-50"])
    assert done.outcomes[1].case_id == drawn.case_id
    any_site.clock.forward(days=1)
    now = any_site.clock.now()
    with any_site.runtime.store.read() as connection:
        rows = list(learning.scored_reviewed_versions(connection, any_site.here, now))
        window = Window(now - timedelta(days=30), now)
        measured = {one.version_id: one for one in monitoring.first_scores(connection, any_site.here, window)}
    chances = {row["version_id"]: row["inclusion_probability"] for row in rows}
    assert len(chances) == 2
    assert 0 < chances.pop(drawn.version_id) < 1.0
    ((reported, chance),) = chances.items()
    assert chance == measured[reported].inclusion_probability == 1.0
    assert measured[drawn.version_id].inclusion_probability < 1.0


def test_a_report_is_a_label_of_the_brand_and_a_retraction_corrects_it(any_site: Site) -> None:
    done = report(any_site, having(any_site, on_sale, 2))
    carry_out_all(any_site)
    retract(any_site.runtime, any_site.brand_person, done.report.report_id, [2])
    any_site.clock.forward(days=200)
    rows, _ = known_at(any_site.runtime, any_site.here, any_site.clock.now())
    assert sorted((row.label, row.evidence_level) for row in rows) == [(0, "brand"), (1, "brand")]
    assert {row.sources for row in rows} == {(f"brand:{any_site.brand_id}",)}
