"""Static files with hashed names."""

from functools import cache

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """A page names the same few files many times, and the manifest does not change while a process lives: the address
    of a file is worked out once."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.url = cache(super().url)
