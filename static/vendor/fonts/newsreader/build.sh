#!/bin/sh
# Makes the two woff2 files of this folder from the npm package named in VERSION.
# Needs: npm, and Python with fonttools and brotli. Run it in an empty folder.
set -eu
npm pack --silent @fontsource-variable/newsreader@5.3.0 >/dev/null && tar -xzf fontsource-variable-newsreader-5.3.0.tgz
LATIN='U+0020-0022,U+0025-0029,U+002B-003B,U+003F-005A,U+0061-007A,U+00A0,U+00B7,U+00D3,U+00D7,U+00F3,U+2013,U+2014,U+2019,U+201C-201E,U+2026'
POLISH='U+0104-0107,U+0118,U+0119,U+0141-0144,U+015A,U+015B,U+0179-017C'
make() { # part, code points
  src=package/files/newsreader-$1-standard-normal.woff2
  # The variable font: optical size pinned, weights 400-600, no kerning (its variable kerning alone weighs 8 kB).
  fonttools varLib.instancer -q "$src" opsz=48 wght=400:600 -o var.ttf
  pyftsubset var.ttf --unicodes="$2" --layout-features= --no-hinting --desubroutinize \
    --drop-tables+=STAT,DSIG,meta,GPOS,GSUB,GDEF --name-IDs=0,1,2,13,14 --output-file=var-sub.ttf
  # The kerning of one weight, the one that headings use, put into it.
  fonttools varLib.instancer -q "$src" opsz=48 wght=540 -o one.ttf
  pyftsubset one.ttf --unicodes="$2" --layout-features=kern --no-hinting --desubroutinize --output-file=one-sub.ttf
  python3 - "$1" <<'PY'
import sys
from fontTools.ttLib import TTFont
font, kerned = TTFont("var-sub.ttf"), TTFont("one-sub.ttf")
assert font.getGlyphOrder() == kerned.getGlyphOrder()
if "GPOS" in kerned:
    font["GPOS"] = kerned["GPOS"]
font.flavor = "woff2"
font.save(f"newsreader-{sys.argv[1]}.woff2")
PY
}
make latin "$LATIN"
make latin-ext "$POLISH"
mv newsreader-latin-ext.woff2 newsreader-polish.woff2
ls -l ./*.woff2
