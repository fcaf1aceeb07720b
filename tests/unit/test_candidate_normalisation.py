"""What people type comes into one form, and the same person gets the same keys."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candidates.contracts import CandidateId
from core.candidates.duplicates import MergeChoices
from core.candidates.file_kinds import clean_file_name
from core.candidates.merging import Former, MergeRecord, Moved, merged_profile, unmerged_profile
from core.candidates.model import Candidate, Profile
from core.candidates.normalisation import (
    clean_email,
    clean_link,
    clean_name,
    email_key,
    link_key,
)
from core.shared.clock import UtcDatetime
from plugins.postgres.search_words import query_terms, words_of


@pytest.mark.parametrize(
    "address", ["ada", "ada@", "@b.co", "a b@c.de", "a@b", "a@@b.co", "a..b@c.de", "<a@b.co>"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail"):
        clean_email(address)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ada@Example.com", "ada@example.COM", True),
        ("a.d.a@gmail.com", "ada+jobs@googlemail.com", True),
        ("a.d.a@example.com", "ada@example.com", False),
        ("ada+jobs@example.com", "ada@example.com", False),
    ],
)
def test_keys_of_addresses(one: str, other: str, same: bool) -> None:
    assert (email_key(clean_email(one)) == email_key(clean_email(other))) is same


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("linkedin.com/in/Ada", "linkedin:in/ada"),
        ("https://de.linkedin.com/in/ada/?utm=1#x", "linkedin:in/ada"),
        ("http://www.GitHub.com//Ada/", "github:ada"),
        ("https://github.com/", None),
        ("https://ada.example.org/cv", None),
        ("https://notgithub.com/ada", None),
        ("localhost.example:8080/ada", None),
    ],
)
def test_keys_of_links(text: str, key: str | None) -> None:
    found = link_key(clean_link(text))
    assert (found and found.value) == key


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "ftp://a.b", "https://u:p@a.b/", "nothing", "http://[::1", ""]
)
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"web address|user name"):
        clean_link(text)


def test_names_need_a_letter() -> None:
    assert clean_name(" 李  小龙 ") == "李 小龙"
    with pytest.raises(ValueError, match="name"):
        clean_name("\u200b -")


@given(st.text(max_size=300))
def test_file_names_are_harmless(name: str) -> None:
    cleaned = clean_file_name(name)
    assert not set(cleaned) & set('/\\:*?"<>|\x00\r\n\u202e')
    assert len(cleaned) <= 161


@given(st.text(max_size=200))
def test_words_of_a_text_find_it(text: str) -> None:
    assert set(query_terms(text)) <= set(words_of(text))
    assert all(word.isalnum() or not word.isascii() for word in words_of(text))


_SOME = st.lists(st.sampled_from("abcdef"), unique=True, max_size=4).map(tuple)
_PROFILES = st.builds(
    Profile,
    full_name=st.sampled_from(["Ada", "Bea"]),
    headline=st.sampled_from([None, "x", "y"]),
    skills=_SOME,
    tags=_SOME,
)
_NOW = UtcDatetime(datetime(2026, 1, 1, tzinfo=UTC))


@given(_PROFILES, _PROFILES, _PROFILES, st.booleans())
def test_a_merge_is_undone_to_the_letter(
    ours: Profile, theirs: Profile, later: Profile, changed: bool
) -> None:
    after = merged_profile(ours, theirs, MergeChoices(full_name="other"))
    assert set(after.skills) == set(ours.skills) | set(theirs.skills)
    other = Former.of(
        Candidate(
            id=CandidateId(UUID(int=1)),
            profile=theirs,
            version=1,
            created_at=_NOW,
            updated_at=_NOW,
            created_by=None,
        )
    )
    record = MergeRecord(before=ours, after=after, other=other, moved=Moved())
    assert unmerged_profile(after, record) == (ours, ())
    if changed:
        apart, kept = unmerged_profile(later, record)
        assert set(later.skills) - set(after.skills) <= set(apart.skills)
        assert not (set(after.skills) - set(later.skills)) & set(apart.skills)
        assert ("headline" in kept) is (later.headline != after.headline)
