"""The rules for passwords and addresses, and the hashing of passwords."""

import pytest
from argon2 import PasswordHasher

from core.identity.passwords import check_new_password, normalise_email, parse_email
from core.shared.errors import InvalidInput
from plugins.system.passwords import Argon2Passwords

EMAIL = "ada.lovelace@acme.example"


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "x" * 257,
        EMAIL,
        EMAIL.upper(),
        "ada.lovelace",
        "passwordpassword",
        "Password1234!",
        "qwertyuiopasdf",
        "123456789012345",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "a good\x00password",
    ],
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new_password(password, email=EMAIL)
    assert refused.value.fields[0].field == "password"


@pytest.mark.parametrize(
    "password",
    [
        "blue herons wade at dawn",
        "höhenmesser-und-tee",
        "Tr0ub4dor&3-and-more",
        "x7" * 3 + "Qz!9kL",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    check_new_password(password, email=EMAIL)


@pytest.mark.parametrize(
    "text", ["", "ada", "ada@", "@acme.example", "a b@acme.example", "a@b", "a@@b.c", "a" * 260]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_email(text)


def test_addresses_are_compared_in_one_form() -> None:
    assert normalise_email("  \uff21da@Acme.EXAMPLE ") == "ada@acme.example"


async def test_a_password_fits_its_hash_only() -> None:
    hasher = Argon2Passwords(time_cost=1, memory_kib=8)
    kept = await hasher.hash("the right one")
    assert kept.startswith("$argon2id$")
    assert (await hasher.verify(kept, "the right one")).fits
    assert not (await hasher.verify(kept, "the wrong one")).fits
    assert not (await hasher.verify(None, "nobody has this password")).fits
    assert not (await hasher.verify("not a hash", "x")).fits


async def test_a_hash_with_other_parameters_is_outdated() -> None:
    kept = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a password")
    verdict = await Argon2Passwords().verify(kept, "a password")
    assert verdict.fits
    assert verdict.is_outdated
