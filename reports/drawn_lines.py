"""A line of a dashboard's table as HTML: a page has dozens, each with nine cells (see drawn_rows for why not a template)."""

from django.utils.safestring import SafeString, mark_safe

from common.markup import escaped
from common.templatetags.house import number_link, percent


def draw_line(line) -> SafeString:
    """The <tr> of a reports.dashboard.Line: name, a number for each column, the rate with its bar, and of how many."""
    name = escaped(line.name)
    linked = f'<a href="{escaped(line.url)}">{name}</a>' if line.url else name
    cells = "\n    ".join(
        f'<td class="num{" is-bad" if cell.is_bad else ""}">{number_link(cell)}</td>' for cell in line.cells
    )
    rate = percent(line.rate)
    bar = f'<progress class="bar-green" max="100" value="{line.rate_floor}" aria-label="{name}销号率 {rate}"></progress>'
    return mark_safe(
        f'<tr>\n    <th scope="row">{linked}</th>\n    {cells}\n    <td class="num">{rate}</td>\n'
        f'    <td class="bar-cell only-wide-cell">{"" if line.rate is None else bar}</td>\n'
        f'    <td class="num">{number_link(line.of)}</td>\n  </tr>'
    )
