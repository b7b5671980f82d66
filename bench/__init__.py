"""`make bench`: how fast the production server answers, each page as a ratio to a bare view on the same server."""
