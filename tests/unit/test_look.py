"""What a tenant may look like: colours that can be read, and logos that are what they say."""

import base64

import pytest

from core.shared.colour import BLACK, READABLE, WHITE, contrast, parsed, readable, text_on, written
from core.tenancy.contracts import Branding
from core.tenancy.logo import MAX_SIDE, check_logo
from core.tenancy.look import branding_problems, change_problems, cleaned
from tests.fixtures.examined import Examined
from tests.fixtures.logos import JPEG, data_url, png, webp

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def test_a_whole_image_is_taken() -> None:
    check_logo(data_url(png()))
    check_logo(data_url(png(MAX_SIDE, 1)))
    check_logo(data_url(JPEG, "jpeg"))
    for kind in ("lossy", "lossless", "extended"):
        check_logo(data_url(webp(kind), "webp"))


@pytest.mark.parametrize(
    ("image", "kind", "said"),
    [
        (SVG, "svg+xml", "SVG"),
        (SVG, "png", "not a whole PNG"),
        (png()[:-5], "png", "not a whole PNG"),
        (png() + SVG, "png", "not a whole PNG"),
        (png().replace(b"IDAT", b"IDAX"), "png", "not a whole PNG"),
        (png(), "jpeg", "not a whole JPEG"),
        (png(), "webp", "not a whole WebP"),
        (png(MAX_SIDE + 1, 1), "png", "2001 by 1 pixels"),
        (png(1, MAX_SIDE + 1), "png", "1 by 2001 pixels"),
        (b"\x89PNG\r\n\x1a\n" + bytes(65_536), "png", "65 KiB"),
        (b"\xff\xd8\xff\xd9", "jpeg", "not a whole JPEG"),
        (b"\xff\xd8\xff\xe0\x00\x00\xff\xd9", "jpeg", "not a whole JPEG"),
        (b"RIFF\x04\x00\x00\x00WEBP", "webp", "not a whole WebP"),
        (b"", "png", "PNG, JPEG or WebP"),
        (webp("extended", width=5_000), "webp", "5000 by 2 pixels"),
        (webp("extended", height=5_000), "webp", "4 by 5000 pixels"),
        (webp("lossy") + SVG, "webp", "not a whole WebP"),
        (JPEG.replace(b"\x00\x02\x00\x04\x03", b"\x20\x02\x00\x04\x03"), "jpeg", "4 by 8194"),
    ],
)
def test_what_is_no_logo_is_told_why(image: bytes, kind: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_logo(data_url(image, kind))


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (png(3, 3), "png"),
        (JPEG, "jpeg"),
        (webp("lossy"), "webp"),
        (webp("lossless"), "webp"),
        (webp("extended"), "webp"),
    ],
    ids=["png", "jpeg", "lossy", "lossless", "extended"],
)
def test_a_broken_image_of_each_length_is_refused(
    image: bytes, kind: str, examined: Examined
) -> None:
    for length in range(len(image)):
        with pytest.raises(ValueError, match="image"):
            check_logo(data_url(image[:length], kind))
    examined("beginnings of an image", len(image))


def test_an_accent_that_cannot_be_read_is_told_the_nearest_that_can() -> None:
    (problem,) = change_problems(Branding(), Branding(accent_color="#ffcc33"))
    assert (problem.field, problem.code) == ("branding.accent_color", "low_contrast")
    nearest = problem.message.rpartition(" ")[2].rstrip(".")
    assert "1.5:1" in problem.message
    assert change_problems(Branding(), Branding(accent_color=nearest)) == []
    old = Branding(accent_color="#ffcc33")
    assert change_problems(old, old) == [], "what was kept under older rules stays"


def test_a_contrast_is_never_rounded_up_to_what_is_asked_for() -> None:
    almost = "#777777"  # 4.48:1
    (problem,) = change_problems(Branding(), Branding(accent_color=almost))
    assert "4.4:1" in problem.message


def test_a_look_is_kept_without_what_cannot_be_seen() -> None:
    look = Branding(tagline="  ", footer_lines=(" A  b ", "", " "), privacy_url=" ")
    assert cleaned(look) == Branding(footer_lines=("A b",))
    assert branding_problems(cleaned(look)) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.example/privacy",
        "javascript:alert(1)",
        "https://",
        "https://acme",
        "https://me:secret@acme.example/",
        "https://acme.example:port/",
        "https://acme.example/ privacy",
        'https://acme.example/"><script>',
        "https://acme.example/" + "x" * 500,
    ],
)
def test_a_privacy_policy_is_a_whole_address(url: str) -> None:
    (problem,) = branding_problems(Branding(privacy_url=url))
    assert problem.field == "branding.privacy_url"


def test_a_logo_comes_back_as_it_was_sent() -> None:
    image = Branding(logo=data_url(png())).logo_image()
    assert image is not None
    assert (image.media_type, image.content) == ("image/png", png())
    assert Branding().logo_image() is None
    assert base64.b64decode(data_url(png()).partition(",")[2]) == png()


def test_words_on_any_colour_can_be_read(examined: Examined) -> None:
    greys = [(level, level, level) for level in range(256)]
    for grey in greys:
        assert contrast(grey, text_on(grey)) >= READABLE
        assert contrast(readable(grey, (WHITE,), toward=BLACK), WHITE) >= READABLE
        assert parsed(written(grey)) == grey
    examined("colours", len(greys))
    with pytest.raises(ValueError, match="colour"):
        parsed("red")
