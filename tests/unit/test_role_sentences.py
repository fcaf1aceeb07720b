"""The page of roles says of each permission what it allows."""

from api.web.roles import GRANTS, SENTENCES
from core.shared.permissions import PERMISSIONS, Action
from tests.fixtures.examined import Examined


def test_every_permission_has_one_sentence(examined: Examined) -> None:
    told = [action for sentences in SENTENCES.values() for action in sentences]
    missing = set(Action) - set(told)
    assert not missing, f"add a sentence to api/web/roles.py for {sorted(missing)}"
    assert len(told) == len(set(told)), "a permission stands in two groups"
    for sentences in SENTENCES.values():
        for says in sentences.values():
            assert says[0].isupper(), says
            assert says.endswith("."), says
    examined("permissions", len(told))


def test_every_grant_has_a_word() -> None:
    assert {grant for row in PERMISSIONS.values() for grant in row.values()} <= GRANTS.keys()
