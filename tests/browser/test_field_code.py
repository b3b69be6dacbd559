"""The client's own rules, run in a browser by themselves: what is sent next, what a lost reply and a conflict mean."""

import pytest

from tests.browser.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SOURCES = "/static/js/"


@pytest.fixture
def code(chromium):
    """`code(script)`: the result of an async script; `d` is draft.js, `c` check.js, as they are in the repository."""
    context = chromium.new_context(base_url="http://localhost")
    page = context.new_page()

    def source(route):
        path = route.request.url.split(SOURCES)[-1]
        if SOURCES not in route.request.url:
            return route.fulfill(body="<!doctype html><title>code</title>", content_type="text/html")
        return route.fulfill(path=ROOT / "static" / "js" / path, content_type="text/javascript")

    page.route("**/*", source)
    page.goto("/")
    begin = f"const d = await import('{SOURCES}field/draft.js'); const c = await import('{SOURCES}field/check.js');"
    yield lambda script, given=None: page.evaluate(f"async (given) => {{ {begin} {MADE} {script} }}", given)
    context.close()


MADE = """
const kit = {visit: 'v', packet: 'p', digest: 'x', me: {id: 1, name: '李'}, colleagues: [], institution: {id: 9}, state: null,
  kinds: [{value: 'screening'}], checklists: [{id: 5, is_added: false, items: [{id: 7, code: 'A', text: 't'}]}], situations: []};
const draft = () => d.newDraft(kit, {kind: 'screening', checklist: 5, inspectors: [2]}, '2026-11-22T00:00:00Z');
const state = (more) => ({status: 'open', version: 1, facts: {}, inspectors: [1, 2], answers: [], findings: [], signatures: [], ...more});
"""


def test_a_visit_is_made_then_its_answers_then_nothing(code):
    steps = code("""
      const one = draft(), steps = [];
      d.setAnswer(one, 7, {value: 'yes'});
      const first = d.nextStep(one);
      steps.push([first.name, d.visitBody(one, first).answers]);
      d.willSend(one, first);
      d.takeState(one, state({answers: [{item: 7, value: 'yes', note: '', revision: 1}]}));
      steps.push(d.nextStep(one), d.isAllSent(one));
      return steps;""")
    assert steps == [["visit", [{"item": 7, "value": "yes", "note": "", "revision": 0}]], None, True]


def test_a_lost_reply_is_known_to_be_ones_own(code):
    found = code("""
      const one = draft();
      d.setAnswer(one, 7, {value: 'yes'});
      d.willSend(one, d.nextStep(one));          // it arrives, its answer does not
      d.setAnswer(one, 7, {value: 'no'});        // meanwhile the person thinks again
      d.takeState(one, state({answers: [{item: 7, value: 'yes', note: '', revision: 1}]}));
      return [one.conflicts, one.answers[7].revision, d.nextStep(one).name];""")
    assert found == [{}, 1, "visit"]


def test_what_another_changed_meanwhile_is_a_conflict_that_waits(code):
    found = code("""
      const one = draft();
      d.takeState(one, state());
      d.setAnswer(one, 7, {value: 'not_applicable'});
      const theirs = {answers: [{item: 7, value: 'no', note: '坏了', revision: 3}]};
      d.takeState(one, state(theirs));
      const waiting = [one.conflicts['answer-7'].theirs, d.nextStep(one)];
      d.decide(one, 'answer-7', true);
      const mine = d.visitBody(one, d.nextStep(one)).answers;
      const other = draft();
      d.takeState(other, state());
      d.setAnswer(other, 7, {value: 'not_applicable'});
      d.takeState(other, state(theirs));
      d.decide(other, 'answer-7', false);
      return [...waiting, mine, other.answers[7].value, d.nextStep(other)];""")
    mine = [{"item": 7, "value": "not_applicable", "note": "", "revision": 3}]
    assert found == [{"value": "no", "note": "坏了"}, None, mine, "no", None]


def test_a_problem_being_written_is_not_sent_and_one_removed_there_is_sent_again(code):
    found = code("""
      const one = draft(), names = [];
      d.takeState(one, state());
      one.findings.u = {uid: 'u', item: 7, description: '通道堆物', severity: 'general', handling: 'register', found_at: 'x',
        revision: 0, is_ready: false, sent: null, tried: null};
      names.push(d.nextStep(one));
      one.findings.u.is_ready = true;
      const step = d.nextStep(one);
      names.push(step.name);
      Object.assign(one.findings.u, {sent: step.body, tried: step.body, revision: 1});
      names.push(d.nextStep(one));
      d.takeState(one, state());
      names.push(d.nextStep(one).name, one.findings.u.revision);
      return names;""")
    assert found == [None, "finding", None, "finding", 0]


def test_a_no_without_a_problem_and_a_missing_signature_are_lacks(code):
    words = code("""
      const one = draft();
      d.setAnswer(one, 7, {value: 'no'});
      return c.lacksOf(one, kit).map(({words}) => words);""")
    assert words == [
        "A 答“否”，还没有记录问题：t",
        "被检查单位负责人还没有签名；拒签或在纸上签名的，请写明",
    ]


def test_a_photo_counts_as_delivered_only_under_its_own_hash(code):
    found = code("""
      const one = draft();
      one.photos.a = {id: 'a', sha256: '11'};
      const there = (sha256) => state({status: 'finished', findings: [{uid: 'u', photos: [{id: 'a', sha256}]}]});
      return [d.isDelivered(one, there('11')), d.isDelivered(one, there('22')), d.isDelivered(one, state({status: 'finished'}))];""")
    assert found == [True, False, False]
