"""`python -m tests.docs`: writes anew the parts of the documentation that are made from the code.

Such a part stands between `<!-- made: NAME -->` and `<!-- /made -->`; NAME is a row of `PARTS`. A test holds the files
to what this would write.
"""

from __future__ import annotations

import sys

from .made import written, written_files

if __name__ == "__main__":
    for path in written_files():
        before = path.read_text("utf-8")
        after = written(before)
        if after != before:
            path.write_text(after, "utf-8")
            print(path.name, file=sys.stderr)
