from pathlib import Path

from backend.pipelines.escape.atlas import attributions
from backend.pipelines.escape.sources.credits import live_attributions

NOTICES = Path(__file__).parents[5] / "THIRD_PARTY_NOTICES.md"


def test_the_notices_hold_every_attribution_with_licence_and_link() -> None:
    notices = " ".join(NOTICES.read_text(encoding="utf-8").split())
    for attribution in (*attributions(), *live_attributions()):
        for text in (attribution.text, attribution.licence, attribution.source, attribution.url):
            assert text is None or text in notices, text


def test_the_notices_keep_the_licence_of_airportsdata_whole() -> None:
    notices = " ".join(NOTICES.read_text(encoding="utf-8").split())
    assert "Copyright Mike Borsetti" in notices
    assert "The above copyright notice and this permission notice shall be included in all copies" in notices


def test_the_addresses_come_with_the_link_that_their_licence_asks_for() -> None:
    by_text = {attribution.text: attribution for attribution in attributions()}
    assert by_text["IP Geolocation by DB-IP"].url == "https://db-ip.com"
