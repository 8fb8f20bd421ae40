#!/usr/bin/env python3
"""Draws coloured terminal output as an SVG: real text, laid out in columns, on a dark ground.

    cargo run --quiet -- run --color always examples/stale.md 2> /dev/null |
        python3 scripts/picture.py 'doccheck run examples/stale.md' > docs/failure.svg

The argument is the command that the picture shows above its output. Durations differ from run to run; they are
replaced, so that the picture changes only when the report does.
"""

import re
import sys
from dataclasses import dataclass, replace
from html import escape

SIZE = 14  # of the font, in pixels
ADVANCE = 8.4  # of a column
LEADING = 19  # of a line
MARGIN = 18

GROUND, TEXT = "#0d1117", "#e6edf3"
COLOURS = {
    31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea",
    91: "#ff7b72", 92: "#7ee787", 93: "#e3b341", 94: "#79c0ff", 95: "#d2a8ff", 96: "#76e3ea",
}
SGR = re.compile(r"\x1b\[([0-9;]*)m")
DURATION = re.compile(r"(  +)?\b\d+(?:\.\d+)? (?:ms|s)\b(?=[\x1b)]|$)", re.MULTILINE)


@dataclass(frozen=True)
class Style:
    colour: str = TEXT
    bold: bool = False
    dim: bool = False
    underline: bool = False

    def after(self, codes: str) -> "Style":
        style = self
        for code in (int(code or 0) for code in codes.split(";")):
            if code == 0:
                style = Style()
            elif code == 1:
                style = replace(style, bold=True)
            elif code == 2:
                style = replace(style, dim=True)
            elif code == 4:
                style = replace(style, underline=True)
            elif code in COLOURS:
                style = replace(style, colour=COLOURS[code])
            else:
                sys.exit(f"scripts/picture.py: does not know the style {code}; add it to COLOURS or Style.after")
        return style

    def attributes(self) -> str:
        found = [f'fill="{self.colour}"']
        if self.bold:
            found.append('font-weight="bold"')
        if self.dim:
            found.append('opacity="0.65"')
        if self.underline:
            found.append('text-decoration="underline"')
        return " ".join(found)


def pieces(line: str, style: Style) -> tuple[list[tuple[int, str, Style]], Style]:
    """The styled pieces of a line, each with its first column, and the style that goes on."""
    found, column, end = [], 0, 0
    for mark in [*SGR.finditer(line), None]:
        text = line[end : mark.start() if mark else len(line)]
        if style.underline and text:
            found.append((column, text, style))
        elif text.strip():
            found.append((column + len(text) - len(text.lstrip()), text.strip(), style))
        column += len(text)
        if mark:
            style, end = style.after(mark.group(1)), mark.end()
    return found, style


def steady(duration: re.Match[str]) -> str:
    """A duration that is the same in every picture, and as wide where it stands in a column."""
    return "20 ms".rjust(len(duration.group(0))) if duration.group(1) else "20 ms"


def picture(command: str, output: str) -> str:
    lines = output.rstrip("\n").split("\n")
    width = max(len(SGR.sub("", line)) for line in [f"$ {command}", *lines])
    rows, style = [([(0, "$", Style(dim=True)), (2, command, Style(bold=True))], 0)], Style()
    for row, line in enumerate(lines, start=1):
        found, style = pieces(line, style)
        rows.append((found, row))
    drawn = []
    for found, row in rows:
        y = MARGIN + SIZE + row * LEADING
        for column, text, look in found:
            x = MARGIN + column * ADVANCE
            length = len(text) * ADVANCE
            drawn.append(
                f'<text x="{x:.1f}" y="{y}" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs" '
                f"{look.attributes()}>{escape(text)}</text>"
            )
    full_width = round(2 * MARGIN + width * ADVANCE)
    full_height = 2 * MARGIN + len(rows) * LEADING
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{full_width}" height="{full_height}" '
        f'viewBox="0 0 {full_width} {full_height}" role="img">',
        f"<title>What {escape(command)} prints</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="{SIZE}" '
        'xml:space="preserve">',
        *drawn,
        "</g>",
        "</svg>",
        "",
    ])


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    output = sys.stdin.read()
    if not output.strip():
        sys.exit("scripts/picture.py: standard input is empty: there is nothing to draw")
    print(picture(sys.argv[1], DURATION.sub(steady, output)), end="")


if __name__ == "__main__":
    main()
