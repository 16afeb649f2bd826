"""The page of a report in a browser: every view, at both widths, light and dark, by keyboard, without a network."""

import json

import pytest
import report_corpus

VIEWS = ("overview", "funnel", "coverage", "evidence", "answers", "effort", "split", "concepts", "rows", "refused")
SHOWN = "[...document.querySelectorAll('main > section')].filter((each) => !each.hidden)"
WIDTHS = {390: 844, 1280: 800}
# Elements with text whose contrast with what is behind them is below 4.5 (Web Content Accessibility Guidelines 2.2,
# 1.4.3 and the definition of relative luminance).
CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => channels(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (channels(colour)[3] > 200) return colour;
    }
    return "white";
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (!text || !element.checkVisibility() || ["SCRIPT", "STYLE", "OPTION"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const [one, two] = [light(element.closest("svg") ? style.fill : style.color), light(behind(element))].sort();
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (contrast < 4.5 && !element.closest("svg")) found.push([element.tagName, text.slice(0, 40), contrast]);
  }
  return found;
})()"""


def see(tab, page, view="overview", width=1280, **options):
    tab.open(f"{page}#{view}", width=width, height=WIDTHS[width], **options)


def fine(tab, page):
    """Nothing was logged, and nothing was asked for but the page."""
    assert tab.complaints() == []
    assert {address.split("#")[0] for address in tab.requests()} <= {page, "data:,"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_view_opens_fits_and_can_be_read(tab, pages, width, dark):
    see(tab, pages["run"], width=width, dark=dark)
    for view in (*VIEWS[1:], VIEWS[0]):  # it opens with the first
        tab.run(f"document.querySelector('nav a[href=\"#{view}\"]').click()")
        tab.run("new Promise((done) => setTimeout(done, 50))")
        assert tab.run(f"{SHOWN}.map((each) => each.id)") == [f"view-{view}"]
        assert tab.run(f"{SHOWN}[0].innerText.length") > 150, view
        assert tab.run("document.querySelector('nav [aria-current=page]').hash") == f"#{view}"
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), f"{view} is wider than the window"
        assert tab.run(CONTRAST) == [], view
        assert tab.run("document.activeElement.tagName") == "H2"
    paper = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (max(json.loads(paper.replace("rgb(", "[").replace(")", "]"))) < 60) is dark
    fine(tab, pages["run"])


@pytest.mark.parametrize("about", ["export", "empty"])
def test_what_is_not_known_is_said_in_every_view(tab, pages, about):
    for view in VIEWS:
        see(tab, pages[about], view, width=390)
        assert tab.run(f"{SHOWN}.map((each) => each.id)") == [f"view-{view}"]
        assert tab.run(f"{SHOWN}[0].innerText.length") > 60
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        fine(tab, pages[about])
    assert tab.run(f"{SHOWN}[0].innerText.includes('holds rows only')")


def listed(tab, view):
    return tab.run(f"document.querySelectorAll('#view-{view} details.item').length")


def search(tab, view, text):
    tab.run(f"(() => {{ const box = document.querySelector('#view-{view} input[type=search]'); "
            f"box.value = {json.dumps(text)}; box.dispatchEvent(new Event('input')); }})()")  # fmt: skip


def test_search_and_choices_narrow_the_rows_and_say_how_many_are_left(tab, pages):
    see(tab, pages["run"], "rows")
    rows = tab.run("JSON.parse(document.getElementById('facts').textContent).rows.items")
    assert listed(tab, "rows") == len(rows) == 24
    search(tab, "rows", rows[5]["id"])
    assert listed(tab, "rows") == 1
    assert "1 match." in tab.run("document.querySelector('#view-rows [role=status]').textContent")
    search(tab, "rows", "no such words anywhere")
    assert listed(tab, "rows") == 0
    search(tab, "rows", "")
    tab.run("(() => { const select = document.querySelector('#view-rows select'); select.value = 'knights'; "
            "select.dispatchEvent(new Event('change')); })()")  # fmt: skip
    assert listed(tab, "rows") == sum(row["family"] == "knights" for row in rows)
    fine(tab, pages["run"])


def test_a_row_shows_its_solution_claims_and_certificates(tab, pages):
    see(tab, pages["run"], "rows")
    row = tab.run("JSON.parse(document.getElementById('facts').textContent).rows.items[0]")
    tab.run("document.querySelector('#view-rows summary').click()")
    tab.run("new Promise((done) => setTimeout(done, 100))")
    shown = tab.run("document.querySelector('#view-rows details[open]').innerText")
    for text in (row["question"], row["answer"], row["theory"], *[claim["certificate"] for claim in row["claims"]]):
        assert " ".join(text.split()) in " ".join(shown.split())


def test_hostile_text_of_a_refused_candidate_is_shown_and_does_nothing(tab, pages):
    see(tab, pages["run"], "refused")
    search(tab, "refused", "window.owned")
    assert listed(tab, "refused") == 3
    tab.run("document.querySelectorAll('#view-refused summary').forEach((each) => each.click())")
    tab.run("new Promise((done) => setTimeout(done, 100))")
    assert report_corpus.HOSTILE in tab.run("document.querySelector('#view-refused details[open]').innerText")
    assert "(model (= x" in tab.run("document.querySelector('#view-refused pre.counter').innerText")
    assert tab.run("window.owned === undefined && !document.querySelector('main img, main script')")
    fine(tab, pages["run"])


def test_the_policy_of_the_page_lets_nothing_out(tab, pages):
    see(tab, pages["run"])
    assert tab.run("fetch('https://example.org/').then(() => 'sent', () => 'refused')") == "refused"
    assert any("Content Security Policy" in said for said in tab.complaints())


def test_the_page_is_used_by_keyboard_alone(tab, pages):
    see(tab, pages["run"])
    at = "document.activeElement"
    tab.press("Tab")
    assert tab.run(f"{at}.textContent") == "Skip to the content"
    tab.press("Tab")
    for _ in range(2):
        tab.press("ArrowDown")
    assert tab.run(f"{at}.hash") == "#coverage"
    assert tab.run(f"getComputedStyle({at}).outlineStyle") == "solid"
    tab.press("Enter")
    tab.run("new Promise((done) => setTimeout(done, 100))")
    assert tab.run(f"{at}.id") == "coverage-h"
    while tab.run(f"{at}.tagName") != "TD":
        tab.press("Tab")
    tab.press("ArrowDown")
    said = tab.run("document.querySelector('#pairs [role=status]').textContent")
    assert " + " in said and " rows" in said
    see(tab, pages["run"], "concepts")
    while tab.run(f"{at}.tagName") != "g":
        tab.press("Tab")
    tab.press("ArrowDown")
    assert "first met at level" in tab.run("document.querySelector('#concepts-body [role=status]').textContent")
    see(tab, pages["run"], "rows")
    while tab.run(f"{at}.tagName") != "SUMMARY":
        tab.press("Tab")
    tab.press("ArrowDown")
    tab.press("Enter")
    tab.run("new Promise((done) => setTimeout(done, 100))")
    assert tab.run("document.querySelectorAll('#view-rows details')[1].open")
    fine(tab, pages["run"])
