"""Which clients that open and click are taken for machines."""

import pytest

from core.messages.machines import is_machine
from tests.fixtures.examined import Examined

MACHINES = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0",
    " mozilla/5.0 ",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Microsoft Office Existence Discovery",
    "Barracuda Sentinel (EE)",
    "python-requests/2.31",
    "curl/8.5.0",
)
PEOPLE = (
    None,
    "",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.0",
    "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/126.0 Mobile Safari",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)",
)


@pytest.mark.parametrize("agent", MACHINES)
def test_a_machine_is_known_by_its_name(agent: str) -> None:
    assert is_machine(agent)


@pytest.mark.parametrize("agent", PEOPLE)
def test_what_people_read_mail_with_is_no_machine(agent: str | None) -> None:
    assert not is_machine(agent)


def test_both_kinds_are_looked_at(examined: Examined) -> None:
    examined("machines", len(MACHINES))
    examined("programs of people", len(PEOPLE))
