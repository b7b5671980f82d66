"""Images of a course: what is let in, and storing it by the hash of its bytes."""

import datetime as dt
import hashlib
import io
import warnings
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.db import transaction

from PIL import Image

from accounts import audit
from accounts.models import Person
from courses.models import Media

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
FORMATS = {"PNG": ("image/png", "png"), "JPEG": ("image/jpeg", "jpg"), "WEBP": ("image/webp", "webp")}


class UnusablePicture(Exception):
    """The file cannot be used as an image of a course. `code` is one of: size, kind, pixels, broken."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(
            {
                "size": "the file is larger than 5 MB",
                "kind": "the file is not a PNG, JPEG or WebP image",
                "pixels": "the image has more than 40 million pixels",
                "broken": "the image cannot be decoded",
            }[code]
        )


@dataclass(frozen=True)
class Picture:
    """Bytes that were decoded in full and found to be what they say."""

    content: bytes
    content_type: str
    extension: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def inspect(content: bytes) -> Picture:
    """The image in these bytes as they are, or UnusablePicture. The size is judged before anything is decoded."""
    return _open(content)[0]


def clean(content: bytes) -> Picture:
    """The image written anew: without the place and camera that photographs carry, and nothing behind the picture."""
    picture, image = _open(content)
    kind = _kind(image)
    if kind == "JPEG":
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
        if image.mode not in ("RGB", "L"):
            image = image.convert("RGB")
    target = io.BytesIO()
    options = {"JPEG": {"quality": 88, "optimize": True}, "WEBP": {"quality": 88}}.get(kind, {"optimize": True})
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    image.save(target, format=kind, **options)
    return Picture(target.getvalue(), picture.content_type, picture.extension, image.width, image.height)


def _kind(image: Image.Image) -> str:
    """Cameras and phones put a second picture behind the first one (MPO); the first one is a JPEG and all we keep."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def _open(content: bytes) -> tuple[Picture, Image.Image]:
    if len(content) > MOST_BYTES:
        raise UnusablePicture("size")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(content), formats=list(FORMATS))
        except Image.DecompressionBombError as error:
            raise UnusablePicture("pixels") from error
        except Exception as error:
            raise UnusablePicture("kind") from error
        if image.width * image.height > MOST_PIXELS:
            raise UnusablePicture("pixels")
        try:
            image.load()
        except Exception as error:
            raise UnusablePicture("broken") from error
    content_type, extension = FORMATS[_kind(image)]
    return Picture(content, content_type, extension, image.width, image.height), image


@transaction.atomic
def add_picture(picture: Picture, *, by: Person | None, now: dt.datetime) -> Media:
    """Store the picture once; adding the same bytes again gives the row that is there."""
    sha256 = picture.sha256
    if stored := Media.objects.filter(pk=sha256).first():
        return stored
    media = Media(
        sha256=sha256,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        added_by=by,
        added_at=now,
    )
    media.file.save(f"{sha256}.{picture.extension}", ContentFile(picture.content), save=False)
    media.save(force_insert=True)
    audit.record("courses.add_picture", subject_name=sha256, by=by, now=now, size=len(picture.content))
    return media
