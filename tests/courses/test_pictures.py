"""Which images are let in, and why others are not."""

import io

import pytest

from courses import pictures
from courses.pictures import UnusablePicture, add_picture, clean, inspect
from tests.courses.samples import bomb_png, picture_bytes
from tests.factories import NOW


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        (b"", "kind"),
        (picture_bytes("GIF"), "kind"),
        (picture_bytes("BMP"), "kind"),
        (picture_bytes("PNG")[:-30], "broken"),
        (picture_bytes("PNG", (7000, 7000)), "pixels"),
        (bomb_png(), "pixels"),
        (picture_bytes() + b"\0" * pictures.MOST_BYTES, "size"),
    ],
    ids=["svg", "nothing", "gif", "bmp", "half", "many-pixels", "bomb", "heavy"],
)
@pytest.mark.parametrize("read", [inspect, clean])
def test_an_unusable_file_is_refused_for_its_reason(read, content, code):
    with pytest.raises(UnusablePicture) as raised:
        read(content)
    assert raised.value.code == code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_cleaned_picture_has_the_same_kind_and_size_and_nothing_behind_it(kind):
    picture = clean(picture_bytes(kind) + b"<script>alert(1)</script>")
    assert (picture.width, picture.height, picture.content_type) == (4, 3, f"image/{kind.lower()}")
    assert b"script" not in picture.content
    assert inspect(picture.content).sha256 == picture.sha256


def test_a_photograph_taken_sideways_is_turned_upright():
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    picture = clean(picture_bytes("JPEG", (40, 30), exif=exif))
    assert (picture.width, picture.height) == (30, 40)


def test_a_jpeg_with_a_second_picture_behind_it_is_kept_as_a_jpeg():
    from PIL import Image

    whole = io.BytesIO()
    first, second = Image.new("RGB", (40, 30), "red"), Image.new("RGB", (20, 20), "blue")
    first.save(whole, format="MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(whole.getvalue())).format == "MPO"
    picture = clean(whole.getvalue())
    assert (picture.content_type, picture.width, picture.height) == ("image/jpeg", 40, 30)
    assert Image.open(io.BytesIO(picture.content)).format == "JPEG"


def test_the_same_picture_is_stored_once(db, cast, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    first = add_picture(clean(picture_bytes()), by=cast.editor, now=NOW)
    second = add_picture(clean(picture_bytes()), by=cast.hr, now=NOW)
    assert second == first
    assert second.added_by == cast.editor
    assert len(list(tmp_path.rglob("*.png"))) == 1
