"""The settings of the application with one more address: the bare view. Only `make bench` starts a server with them."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
